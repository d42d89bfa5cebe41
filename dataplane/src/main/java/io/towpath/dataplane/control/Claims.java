package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.nat.Protocol;
import io.towpath.nat.ServicePort;
import io.towpath.nat.Vip;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which Service has an address, port and protocol that several may claim: the oldest, then the first by namespace and name. Once it gives
 * it up the next one has it.
 */
final class Claims {
    private final Map<Claim, List<Claimant>> claimants = new HashMap<>();

    /** What can be claimed. */
    record Claim(io.towpath.wire.Address address, int port, Protocol protocol) {
        static Claim of(Vip vip, Protocol protocol) {
            return new Claim(vip.address(), vip.port(), protocol);
        }
    }

    /** @param created creationTimestamp */
    record Claimant(String created, ClusterObject.Key service) {
        private static final Comparator<Claimant> OLDEST_FIRST = Comparator.comparing(Claimant::created)
                .thenComparing(claimant -> claimant.service().namespace())
                .thenComparing(claimant -> claimant.service().name());
    }

    /** Withdraws all claims of service ports; adds the Services whose share may have become larger. */
    void withdraw(Claimant claimant, List<ServicePort> ports, Set<ClusterObject.Key> affected) {
        for (ServicePort port : ports) {
            for (Vip vip : port.vips()) {
                Claim claim = Claim.of(vip, port.name().protocol());
                List<Claimant> left = new ArrayList<>(claimants.get(claim));
                left.remove(claimant);
                put(claim, left);
                left.forEach(other -> affected.add(other.service()));
            }
        }
    }

    /** Claims all addresses of service ports; adds the Services whose share may have become smaller. */
    void claim(Claimant claimant, List<ServicePort> ports, Set<ClusterObject.Key> affected) {
        for (ServicePort port : ports) {
            for (Vip vip : port.vips()) {
                Claim claim = Claim.of(vip, port.name().protocol());
                List<Claimant> all = new ArrayList<>(claimants.getOrDefault(claim, List.of()));
                all.forEach(other -> affected.add(other.service()));
                all.add(claimant);
                all.sort(Claimant.OLDEST_FIRST);
                put(claim, all);
            }
        }
    }

    private void put(Claim claim, List<Claimant> all) {
        if (all.isEmpty()) {
            claimants.remove(claim);
        } else {
            claimants.put(claim, List.copyOf(all));
        }
    }

    /** Returns who has it. */
    Claimant owner(Claim claim) {
        return claimants.get(claim).getFirst();
    }
}

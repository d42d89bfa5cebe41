package io.towpath.dataplane.node;

import io.towpath.wire.Address;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Whether the host still has the addresses that node mode stands on: the primary one of each family, which routes and masqueraded connections
 * show. One thread.
 */
public final class NodeAddressWatch {
    /** Time between two looks, seconds. */
    public static final long INTERVAL_S = 10;

    private final Supplier<? extends Collection<Address>> host;
    private final List<Address> primary;
    /** At the last look. */
    private List<Address> missing = List.of();

    /**
     * @param nodeAddresses the first of each family is the primary one; one that the host does not have is its user's choice
     * @param host tells the addresses that the host has
     */
    NodeAddressWatch(List<Address> nodeAddresses, Supplier<? extends Collection<Address>> host) {
        this.host = host;
        Collection<Address> present = host.get();
        this.primary = nodeAddresses.stream()
                .filter(address -> nodeAddresses.stream()
                        .filter(other -> other.isIpv4() == address.isIpv4())
                        .findFirst()
                        .filter(address::equals)
                        .isPresent())
                .filter(present::contains)
                .toList();
    }

    public static NodeAddressWatch of(NodeConfig config, List<Address> nodeAddresses) {
        return new NodeAddressWatch(nodeAddresses, () -> NodeHost.addresses(config.tap()));
    }

    /**
     * Looks, and returns an address that was missing at the last look, too: one that is only set up anew is back by then. As long as the host
     * has no other one of its family there is nothing to go on with.
     */
    public Optional<Address> gone() {
        Collection<Address> present;
        try {
            present = host.get();
        } catch (UncheckedIOException e) {
            return Optional.empty(); // an interface went while they were listed
        }
        List<Address> before = missing;
        missing = primary.stream()
                .filter(address -> !present.contains(address)
                        && present.stream().anyMatch(other -> other.isIpv4() == address.isIpv4()))
                .toList();
        return missing.stream().filter(before::contains).findFirst();
    }
}

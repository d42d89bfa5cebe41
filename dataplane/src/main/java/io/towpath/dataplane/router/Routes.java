package io.towpath.dataplane.router;

import io.towpath.maps.LpmMap;
import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.MasqueradeAddresses;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Longest-prefix routes, fixed at start, and which of our addresses each network sees. Workers read; nothing changes. */
public final class Routes implements MasqueradeAddresses {
    private static final int LOCAL = 1;
    private static final int CONNECTED = 2;
    private static final int GATEWAY = 3;
    private static final int CAPACITY = 4096;

    private final LpmMap map;
    private final List<RouterPort> ports;
    private final List<Address> gateways = new ArrayList<>();
    private final Address[] own;

    /** A static route. Exactly one of {@code via} and {@code port} is set ({@code port} is -1 otherwise). */
    public record Static(Prefix to, Address via, int port) {}

    /**
     * Creates the map {@code routes}.
     *
     * @param nodeAddresses further addresses of our own, on no network
     */
    public static Routes create(
            MapStore store,
            Quiescence quiescence,
            List<RouterPort> ports,
            List<Static> statics,
            List<Address> nodeAddresses) {
        return new Routes(LpmMap.create(store, "routes", CAPACITY, quiescence), ports, statics, nodeAddresses);
    }

    private Routes(LpmMap map, List<RouterPort> ports, List<Static> statics, List<Address> nodeAddresses) {
        this.map = map;
        this.ports = List.copyOf(ports);
        own = new Address[2 * ports.size()];
        Map<Prefix, Long> values = new HashMap<>();
        for (int i = 0; i < ports.size(); i++) {
            RouterPort port = ports.get(i);
            own[2 * i] = port.address(true);
            own[2 * i + 1] = port.address(false);
            for (Prefix network : port.networks()) {
                values.put(network, value(CONNECTED, i, 0));
            }
        }
        for (Static route : statics) {
            if (route.via() == null) {
                values.put(route.to(), value(CONNECTED, route.port(), 0));
            } else {
                values.put(route.to(), value(GATEWAY, portOf(route.via()), gateways.size()));
                gateways.add(route.via());
            }
        }
        for (int i = 0; i < ports.size(); i++) {
            for (Address address : ports.get(i).addresses()) {
                values.put(Prefix.host(address), value(LOCAL, i, 0));
            }
        }
        nodeAddresses.forEach(address -> values.put(Prefix.host(address), value(LOCAL, 0, 0)));
        map.replaceAll(values);
    }

    private int portOf(Address gateway) {
        for (int i = 0; i < ports.size(); i++) {
            if (ports.get(i).networks().stream().anyMatch(network -> network.contains(gateway))) {
                return i;
            }
        }
        throw new IllegalArgumentException("gateway " + gateway + " is on no port's network");
    }

    private static long value(int kind, int port, int gateway) {
        return (long) kind << 56 | (long) port << 32 | gateway;
    }

    /** Returns the route of an address, 0 where there is none. */
    long lookup(long hi, long lo) {
        return map.lookup(hi, lo);
    }

    /** Returns whether an address is reached on a port without a gateway. */
    boolean isOnLink(int port, long hi, long lo) {
        long route = lookup(hi, lo);
        return route >>> 56 == CONNECTED && port(route) == port;
    }

    static boolean isLocal(long route) {
        return route >>> 56 == LOCAL;
    }

    static int port(long route) {
        return (int) (route >>> 32) & 0xFFFF;
    }

    /** Returns the gateway, null where the destination is on the port's own network. */
    Address gateway(long route) {
        return route >>> 56 == GATEWAY ? gateways.get((int) route) : null;
    }

    @Override
    public int towards(long backendHi, long backendLo) {
        long route = lookup(backendHi, backendLo);
        if (route == 0) {
            return -1;
        }
        int number = 2 * port(route) + (Address.isIpv4(backendHi, backendLo) ? 0 : 1);
        return own[number] == null ? -1 : number;
    }

    @Override
    public long hi(int number) {
        return own[number].hi();
    }

    @Override
    public long lo(int number) {
        return own[number].lo();
    }
}

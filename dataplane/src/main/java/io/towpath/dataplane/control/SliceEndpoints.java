package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject.Endpoint;
import io.towpath.dataplane.model.ClusterObject.EndpointPort;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.nat.Protocol;
import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.List;

/**
 * An EndpointSlice, checked and its addresses parsed once, as its Service is worked out anew more often than it changes.
 *
 * @param ports those that can be used
 * @param addresses of the endpoints, in their order; null where one cannot be used
 * @param warnings what is left out
 */
record SliceEndpoints(EndpointSlice slice, List<EndpointPort> ports, Address[] addresses, List<String> warnings) {
    static SliceEndpoints of(EndpointSlice slice) {
        List<String> warnings = new ArrayList<>();
        boolean isUsed = !slice.headless() && isOfAddresses(slice, warnings);
        return new SliceEndpoints(
                slice,
                isUsed ? ports(slice, warnings) : List.of(),
                isUsed
                        ? addresses(slice, warnings)
                        : new Address[slice.endpoints().size()],
                List.copyOf(warnings));
    }

    boolean isIpv6() {
        return slice.addressType().equals("IPv6");
    }

    private static boolean isOfAddresses(EndpointSlice slice, List<String> warnings) {
        return switch (slice.addressType()) {
            case "IPv4", "IPv6" -> true;
            case "FQDN" -> false; // kube-proxy passes over these without a word
            default -> {
                warnings.add(
                        slice.key() + ": addressType: unknown \"" + slice.addressType() + "\", the slice is left out");
                yield false;
            }
        };
    }

    private static List<EndpointPort> ports(EndpointSlice slice, List<String> warnings) {
        List<EndpointPort> ports = new ArrayList<>();
        for (int i = 0; i < slice.ports().size(); i++) {
            EndpointPort port = slice.ports().get(i);
            String field = slice.key() + ": ports[" + i + "].";
            if (protocol(port.protocol()) == null) {
                warnings.add(field + "protocol: unknown \"" + port.protocol() + "\", the port is left out");
            } else if (port.port() < 1 || port.port() > 65535) {
                warnings.add(field + "port: " + port.port() + " is no port, it is left out");
            } else {
                ports.add(port);
            }
        }
        return List.copyOf(ports);
    }

    /** Returns the protocol of a name, null where there is none. */
    static Protocol protocol(String name) {
        for (Protocol protocol : Protocol.values()) {
            if (protocol.name().equals(name)) {
                return protocol;
            }
        }
        return null;
    }

    private static Address[] addresses(EndpointSlice slice, List<String> warnings) {
        boolean ipv6 = slice.addressType().equals("IPv6");
        List<Endpoint> endpoints = slice.endpoints();
        Address[] addresses = new Address[endpoints.size()];
        int firstBad = -1;
        int bad = 0;
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = address(endpoints.get(i).address(), ipv6);
            if (addresses[i] == null) {
                firstBad = bad++ == 0 ? i : firstBad;
            }
        }
        if (bad > 0) {
            warnings.add(slice.key() + ": endpoints[" + firstBad + "].addresses[0]: \""
                    + endpoints.get(firstBad).address() + "\" is no " + slice.addressType()
                    + " address, the endpoint is left out" + (bad > 1 ? ", and so are " + (bad - 1) + " more" : ""));
        }
        return addresses;
    }

    private static Address address(String text, boolean ipv6) {
        try {
            Address address = Address.parseSloppy(text);
            return address.isIpv6() == ipv6 ? address : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}

package io.towpath.dataplane.replay;

import io.towpath.capture.CaptureReader;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Makes Services of whom a capture's clients talk to, so that a replay has something to translate. */
final class CaptureServices {
    private static final Map<Integer, String> PROTOCOLS = Map.of(6, "TCP", 17, "UDP", 132, "SCTP");

    private record Port(String protocol, int number) {}

    private CaptureServices() {}

    /** Returns manifests of a node and, for every address that was spoken to first, a Service with all its ports. */
    static String manifests(List<CaptureReader.Packet> packets) throws UnknownHostException {
        Map<String, Set<Port>> services = new LinkedHashMap<>();
        for (CaptureReader.Packet packet : packets) {
            FrameSums sums = packet.linkType() == CaptureReader.LINK_ETHERNET ? FrameSums.of(packet.data()) : null;
            if (sums == null || sums.flow() == null) {
                continue;
            }
            String protocol = PROTOCOLS.get(sums.protocol());
            InetAddress source = InetAddress.getByAddress(sums.flow().source());
            InetAddress destination = InetAddress.getByAddress(sums.flow().destination());
            Port from = new Port(protocol, sums.flow().sourcePort());
            Port to = new Port(protocol, sums.flow().destinationPort());
            boolean answers =
                    services.getOrDefault(source.getHostAddress(), Set.of()).contains(from);
            boolean usable = to.number() > 0
                    && !destination.isMulticastAddress()
                    && !destination.isAnyLocalAddress()
                    && !destination.isLoopbackAddress()
                    && !destination.getHostAddress().endsWith(".255");
            if (!answers && usable) {
                services.computeIfAbsent(destination.getHostAddress(), address -> new LinkedHashSet<>())
                        .add(to);
            }
        }
        StringBuilder text = new StringBuilder("kind: Node\nmetadata: {name: node}\nstatus: {addresses: ["
                + "{type: InternalIP, address: 192.168.0.2}, {type: InternalIP, address: 2001:db8::2}]}\n");
        services.forEach((address, ports) -> text.append(service(text.length(), address, List.copyOf(ports))));
        return text.toString();
    }

    private static String service(int number, String address, List<Port> ports) {
        boolean ipv6 = address.indexOf(':') >= 0;
        List<String> servicePorts = new ArrayList<>();
        List<String> endpointPorts = new ArrayList<>();
        for (Port port : ports) {
            String name = port.protocol().toLowerCase(java.util.Locale.ROOT) + port.number();
            servicePorts.add("{name: %s, protocol: %s, port: %d}".formatted(name, port.protocol(), port.number()));
            endpointPorts.add(
                    "{name: %s, protocol: %s, port: %d}".formatted(name, port.protocol(), port.number() ^ 0x1234 | 1));
        }
        return """
                ---
                kind: Service
                metadata: {name: s%d}
                spec: {clusterIP: "%s", ipFamilies: [%s], ports: [%s]}
                ---
                kind: EndpointSlice
                metadata: {name: s%d, labels: {kubernetes.io/service-name: s%d}}
                addressType: %s
                ports: [%s]
                endpoints: [{addresses: ["%s"]}, {addresses: ["%s"]}]
                """.formatted(
                        number,
                        address,
                        ipv6 ? "IPv6" : "IPv4",
                        String.join(", ", servicePorts),
                        number,
                        number,
                        ipv6 ? "IPv6" : "IPv4",
                        String.join(", ", endpointPorts),
                        ipv6 ? "fd01::1" : "10.1.0.1",
                        ipv6 ? "fd01::2" : "10.1.0.2");
    }
}

package io.towpath.dataplane.vectors;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** What RFC 4787 asks of UDP. */
final class UdpVectors {
    private static final L4.Maker UDP = L4.udp("towpath");
    private static final String FIVE_MINUTES = """
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            kind: KubeProxyConfiguration
            conntrack: {udpTimeout: 5m0s, udpStreamTimeout: 5m0s}
            """;
    /** A message of SIP (RFC 3261), which some NATs rewrite. */
    private static final String SIP =
            "INVITE sip:bob@10.96.0.10 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:4000\r\nContact: <sip:10.0.0.2:4000>\r\n\r\n";

    private UdpVectors() {}

    static List<Vector> all() {
        List<Vector> all = new ArrayList<>();
        for (Lab.Net net : Lab.BOTH) {
            all.add(exchange(net, "dnat", Flow.dnat(net, 4000, L4.UDP)));
            all.add(exchange(net, "masquerade", Flow.masqueraded(net, 4000, L4.UDP)));
            all.add(exchange(net, "hairpin", Flow.hairpin(net, 4000, L4.UDP)));
            all.add(filtering(net));
        }
        all.add(endpointDependentMapping());
        all.add(onePoolAddress());
        all.add(portConflict("udp/port-conflict", 40, 4000));
        all.add(privilegedPort());
        all.add(streamTimeout());
        all.add(unrepliedTimeout());
        all.add(configuredTimeout());
        all.add(refreshOutbound());
        all.add(refreshInbound());
        all.add(hairpinOfMapping());
        all.add(payloadUntouched());
        return all;
    }

    /** A packet to one of the engine's own addresses that belongs to nothing: port unreachable. */
    static Vector rejected(Vector vector, Ip packet) {
        return vector.play(packet, "local-port-closed", portUnreachable(packet));
    }

    /** The engine's own answer. */
    static Ip portUnreachable(Ip packet) {
        boolean ipv6 = packet.isIpv6();
        return Ip.of(
                        packet.destination(),
                        packet.source(),
                        L4.icmp(ipv6 ? 1 : 3, ipv6 ? 4 : 3, 0, packet.quote(ipv6 ? 1232 : 548)))
                .identification(0);
    }

    private static Vector exchange(Lab.Net net, String kind, Flow flow) {
        Vector vector = new Vector(
                "udp/%s-%s".formatted(net.name(), kind),
                "UDP through the Service, %s: checksums, no checksum, options, types of service".formatted(kind),
                kind.equals("hairpin") ? "RFC 4787 REQ-9" : "DNAT, masquerade and revert");
        UnaryOperator<Ip> options = ip -> ip.options(Bytes.hex("94040000"), 0, Bytes.hex("0000 0502 0000 0100"));
        vector.request(flow, UDP).reply(flow, UDP);
        vector.request(flow, L4.udpUnsummed("none")).reply(flow, L4.udpUnsummed("none"));
        vector.request(flow, UDP, options).reply(flow, UDP, options);
        vector.request(flow, UDP, ip -> ip.fragmentable().hops(2)).reply(flow, L4.udp(""));
        return vector.request(flow, UDP, Ip::damaged);
    }

    private static Vector endpointDependentMapping() {
        Vector vector = new Vector(
                "udp/endpoint-dependent-mapping",
                "One client port towards two backends: two connections, each with a port of its own choice",
                "RFC 4787 REQ-1, by design not");
        vector.objects(Lab.OBJECTS + secondService());
        Flow first = Flow.masqueraded(Lab.V4, 4000, L4.UDP);
        Flow second = second(first);
        return vector.request(first, UDP)
                .request(second, UDP)
                .reply(second, UDP)
                .reply(first, UDP);
    }

    private static String secondService() {
        return """
                ---
                kind: Service
                metadata: {name: other, namespace: shop}
                spec: {clusterIP: 10.96.0.20, ports: [{name: dns, port: 53, protocol: UDP}]}
                ---
                kind: EndpointSlice
                metadata: {name: other-1, namespace: shop, labels: {kubernetes.io/service-name: other}}
                addressType: IPv4
                ports: [{name: dns, port: 5353, protocol: UDP}]
                endpoints: [{addresses: [10.1.0.3]}]
                """;
    }

    private static Flow second(Flow flow) {
        return new Flow(
                flow.client(),
                flow.clientPort(),
                "10.96.0.20",
                53,
                flow.masquerade(),
                flow.masqueradePort(),
                "10.1.0.3",
                5353);
    }

    private static Vector onePoolAddress() {
        Vector vector = new Vector(
                "udp/one-masquerade-address",
                "All connections of a client, towards any backend, show the same masquerade address",
                "RFC 4787 REQ-2");
        vector.objects(Lab.OBJECTS + secondService());
        for (int port = 4000; port < 4004; port++) {
            Flow flow = Flow.masqueraded(Lab.V4, port, L4.UDP);
            vector.request(flow, UDP).request(second(flow), UDP);
        }
        return vector;
    }

    /** Clients with one source port, one after the other, towards one backend. */
    static Vector portConflict(String name, int clients, int port) {
        Vector vector = new Vector(
                name,
                clients + " clients with the same source port towards one backend, twice each",
                "RFC 4787 REQ-3, RFC 7857 section 9: no port is shared, and none can be foreseen");
        vector.anyFrames();
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < clients; i++) {
                byte[] number = {(byte) i};
                Ip packet = Ip.of("10.0.0." + (10 + i), Lab.V4.vip(), L4.udp(port, 53, number));
                vector.play(packet, "service");
            }
        }
        return vector;
    }

    private static Vector privilegedPort() {
        return portConflict("udp/privileged-port", 4, 600);
    }

    private static Vector stream(String name, String title, String shows, Flow flow) {
        Vector vector = new Vector(name, title, shows);
        return vector.request(flow, UDP).reply(flow, UDP).waitSeconds(3).request(flow, UDP);
    }

    private static Vector streamTimeout() {
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.UDP);
        Vector vector = stream(
                "udp/stream-timeout",
                "A UDP exchange of more than 2 s is kept for 120 s of silence, and not longer",
                "RFC 4787 REQ-5",
                flow);
        vector.waitSeconds(119.9).reply(flow, UDP).waitSeconds(120.1);
        return rejected(vector, flow.replyBefore(UDP));
    }

    private static Vector unrepliedTimeout() {
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.UDP);
        Vector vector = new Vector(
                "udp/unreplied-timeout",
                "A UDP packet without answer is remembered for 30 s, as Linux does",
                "RFC 4787 REQ-5, by design not");
        vector.request(flow, UDP).waitSeconds(30.1);
        rejected(vector, flow.replyBefore(UDP));
        Flow other = Flow.masqueraded(Lab.V4, 4001, L4.UDP);
        return vector.request(other, UDP).waitSeconds(29.9).reply(other, UDP);
    }

    private static Vector configuredTimeout() {
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.UDP);
        Vector vector = new Vector(
                "udp/configured-timeout",
                "KubeProxyConfiguration makes it the five minutes that the RFC recommends",
                "RFC 4787 REQ-5b, REQ-5c");
        vector.proxyConfig(FIVE_MINUTES);
        vector.request(flow, UDP)
                .waitSeconds(299)
                .reply(flow, UDP)
                .waitSeconds(299)
                .reply(flow, UDP)
                .waitSeconds(301);
        return rejected(vector, flow.replyBefore(UDP));
    }

    private static Vector refreshOutbound() {
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.UDP);
        Vector vector =
                stream("udp/refresh-outbound", "A client's packets keep its connection", "RFC 4787 REQ-6", flow);
        for (int i = 0; i < 4; i++) {
            vector.waitSeconds(100).request(flow, UDP);
        }
        return vector.waitSeconds(100).reply(flow, UDP);
    }

    private static Vector refreshInbound() {
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.UDP);
        Vector vector =
                stream("udp/refresh-inbound", "A backend's packets keep the connection, too", "RFC 4787 REQ-6a", flow);
        for (int i = 0; i < 4; i++) {
            vector.waitSeconds(100).reply(flow, UDP);
        }
        return vector;
    }

    private static Vector filtering(Lab.Net net) {
        Vector vector = new Vector(
                "udp/%s-filtering".formatted(net.name()),
                "Packets to a masquerade port from anyone but its backend: another port, another pod, from outside",
                "RFC 4787 REQ-8, by design not");
        Flow flow = Flow.masqueraded(net, 4000, L4.UDP);
        vector.request(flow, UDP);
        rejected(vector, Ip.of(net.backend(), net.node(), UDP.make(5354, 4000)));
        rejected(vector, Ip.of(net.pod(), net.node(), UDP.make(5353, 4000)));
        rejected(vector, Ip.of(net.farClient(), net.node(), UDP.make(5353, 4000)));
        return vector.reply(flow, UDP);
    }

    private static Vector hairpinOfMapping() {
        Vector vector = new Vector(
                "udp/hairpin-of-a-masquerade-port",
                "A client cannot reach another one by its masquerade address and port",
                "RFC 4787 REQ-9, by design not beyond virtual addresses");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.UDP);
        vector.request(flow, UDP);
        return rejected(vector, Ip.of("10.0.0.3", Lab.V4.node(), UDP.make(4001, 4000)));
    }

    private static Vector payloadUntouched() {
        Vector vector =
                new Vector("udp/payload-untouched", "Addresses in a payload are nobody's business", "RFC 4787 REQ-10");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.UDP);
        return vector.request(flow, L4.udp(SIP)).reply(flow, L4.udp(SIP));
    }
}

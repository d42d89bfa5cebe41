package io.towpath.dataplane.vectors;

import java.util.ArrayList;
import java.util.List;

/** What the RFCs ask of the router around a NAT: ICMP messages of its own, and queries that it lets pass. */
final class RouterVectors {
    private static final L4.Maker UDP = L4.udp("towpath");
    private static final int QUOTED_IPV4 = 548;
    private static final int QUOTED_IPV6 = 1232;

    private RouterVectors() {}

    static List<Vector> all() {
        List<Vector> all = new ArrayList<>();
        for (Lab.Net net : Lab.BOTH) {
            all.add(tooBig(net));
            all.add(timeExceeded(net));
            all.add(noRoute(net));
            all.add(ping(net));
            all.add(pingOfServices(net));
        }
        all.add(tooBigWithoutDontFragment());
        all.add(timestamp());
        all.add(noMasqueradeAddress());
        all.add(identification());
        return all;
    }

    /** An ICMP error of the engine, which quotes what came in. */
    private static Ip answer(Ip packet, String from, int type, int code, int word) {
        byte[] quoted = packet.quote(packet.isIpv6() ? QUOTED_IPV6 : QUOTED_IPV4);
        return Ip.of(from, packet.source(), L4.icmp(type, code, word, quoted)).identification(0);
    }

    private static Vector tooBig(Lab.Net net) {
        Vector vector = new Vector(
                "router/%s-too-big".formatted(net.name()),
                "A packet that is too large for the way on is answered with the MTU, quoting it as it came",
                "RFC 4787 REQ-13, RFC 5508 REQ-10a");
        Flow flow = Flow.dnat(net, 4000, L4.UDP);
        Ip packet = flow.requestBefore(L4.udp(new byte[1600]));
        return vector.play(
                packet, "packet-too-big", answer(packet, net.node(), net.isIpv6() ? 2 : 3, net.isIpv6() ? 0 : 4, 1500));
    }

    private static Vector tooBigWithoutDontFragment() {
        Vector vector = new Vector(
                "router/v4-too-big-without-df",
                "A packet without DF that is too large is translated and cut into fragments, sent in order",
                "RFC 4787 REQ-13a");
        Flow.Change change = Flow.dnat(Lab.V4, 4000, L4.UDP).request(L4.udp(new byte[3500]), Ip::fragmentable);
        Ip after = (Ip) change.after();
        List<Packet> fragments = FragmentVectors.cut(after, after.identification(), 1480, 2960);
        return vector.play(change.before(), "service", fragments.toArray(Packet[]::new));
    }

    private static Vector timeExceeded(Lab.Net net) {
        Vector vector = new Vector(
                "router/%s-time-exceeded".formatted(net.name()),
                "A packet whose hops are used up is answered from the engine's own address, quoting it as it came",
                "RFC 5508 REQ-10, RFC 1812 section 5.3.1");
        Ip packet = Flow.masqueraded(net, 4000, L4.UDP).requestBefore(UDP).hops(1);
        return vector.play(packet, "hop-limit-exceeded", answer(packet, net.gateway(), net.isIpv6() ? 3 : 11, 0, 0));
    }

    private static Vector noRoute(Lab.Net net) {
        Vector vector = new Vector(
                "router/%s-no-route".formatted(net.name()),
                "A packet to nowhere is answered",
                "RFC 5508 REQ-10a, RFC 1812 section 4.3.3.1");
        Ip packet = Ip.of(net.client(), net.isIpv6() ? "2001:db8:ffff::1" : "203.0.113.1", UDP.make(4000, 53));
        return vector.play(packet, "no-route", answer(packet, net.gateway(), net.isIpv6() ? 1 : 3, 0, 0));
    }

    private static L4 echo(Lab.Net net, boolean request, int identifier, int sequence) {
        int type = net.isIpv6() ? request ? 128 : 129 : request ? 8 : 0;
        return L4.icmp(type, 0, identifier << 16 | sequence, L4.text("abcdefgh"));
    }

    /** The answer comes 61 s later, when no session is left; it passes all the same, as nothing is translated. */
    private static Vector ping(Lab.Net net) {
        Vector vector = new Vector(
                "router/%s-ping".formatted(net.name()),
                "Pings from pods to the world pass, their identifiers as they are, answers at any time",
                "RFC 5508 REQ-1, REQ-1a, REQ-2");
        for (String pod : List.of(net.pod(), net.backend())) {
            Ip request = Ip.of(pod, net.farClient(), echo(net, true, 77, 1));
            Ip reply = Ip.of(net.farClient(), pod, echo(net, false, 77, 1));
            vector.play(request, "routed", request.forwarded());
            vector.waitSeconds(61).play(reply, "routed", reply.forwarded());
        }
        return vector;
    }

    private static Vector pingOfServices(Lab.Net net) {
        Vector vector = new Vector(
                "router/%s-ping-of-services".formatted(net.name()),
                "Pings to a virtual address are not translated: no backend could be meant",
                "RFC 5508 REQ-7, RFC 7857 section 12");
        Ip toService = Ip.of(net.pod(), net.vip(), echo(net, true, 77, 1));
        Ip toNobody = Ip.of(net.pod(), net.isIpv6() ? "fd96::99" : "10.96.0.99", echo(net, true, 77, 2));
        return vector.play(toService, "service-port-unknown", UdpVectors.portUnreachable(toService))
                .play(toNobody, "service-address-unallocated");
    }

    private static Vector timestamp() {
        Vector vector = new Vector("router/v4-other-icmp", "Other ICMP messages pass untranslated", "RFC 5508 REQ-11");
        Ip request = Ip.of(Lab.V4.pod(), Lab.V4.farClient(), L4.icmp(13, 0, 77 << 16, new byte[12]));
        Ip reply = Ip.of(Lab.V4.farClient(), Lab.V4.pod(), L4.icmp(14, 0, 77 << 16, new byte[12]));
        return vector.play(request, "routed", request.forwarded()).play(reply, "routed", reply.forwarded());
    }

    /** A Service with an endpoint that is behind no port: there is no address that it could answer to. */
    private static Vector noMasqueradeAddress() {
        Vector vector = new Vector(
                "router/no-masquerade-address",
                "A connection that cannot be masqueraded is refused: administratively prohibited",
                "RFC 5508 REQ-8");
        vector.objects("""
                kind: Service
                metadata: {name: far, namespace: shop}
                spec:
                  clusterIPs: [10.96.0.30, "fd96::30"]
                  ports: [{name: dns, port: 53, protocol: UDP}]
                ---
                kind: EndpointSlice
                metadata: {name: far-4, namespace: shop, labels: {kubernetes.io/service-name: far}}
                addressType: IPv4
                ports: [{name: dns, port: 5353, protocol: UDP}]
                endpoints: [{addresses: [203.0.113.9]}]
                ---
                kind: EndpointSlice
                metadata: {name: far-6, namespace: shop, labels: {kubernetes.io/service-name: far}}
                addressType: IPv6
                ports: [{name: dns, port: 5353, protocol: UDP}]
                endpoints: [{addresses: ["2001:db8:ffff::9"]}]
                """);
        for (Lab.Net net : Lab.BOTH) {
            Ip packet = Ip.of(net.client(), net.isIpv6() ? "fd96::30" : "10.96.0.30", UDP.make(4000, 53));
            int type = net.isIpv6() ? 1 : 3;
            vector.play(
                    packet,
                    "masquerade-ports-exhausted",
                    answer(packet, net.gateway(), type, net.isIpv6() ? 1 : 13, 0));
        }
        return vector;
    }

    private static Vector identification() {
        Vector vector = new Vector(
                "router/v4-identification",
                "The identification of an IPv4 packet stays as it is",
                "RFC 7857 section 10, by design not");
        for (int host = 2; host < 4; host++) {
            Flow flow = new Flow(
                    "10.0.0." + host, 4000 + host, "10.96.0.10", 53, "10.1.0.1", 4000 + host, "10.1.0.2", 5353);
            vector.request(flow, UDP, ip -> ip.fragmentable().identification(7));
        }
        return vector;
    }
}

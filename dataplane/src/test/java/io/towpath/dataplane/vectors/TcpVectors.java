package io.towpath.dataplane.vectors;

import java.util.ArrayList;
import java.util.List;

/** What RFC 5382 and RFC 7857 ask of TCP. */
final class TcpVectors {
    private static final L4.Maker SYN = L4.tcp(L4.SYN, 1000, 0, "");
    private static final L4.Maker SYN_ACK = L4.tcp(L4.SYN | L4.ACK, 5000, 1001, "");
    private static final L4.Maker ACK = L4.tcp(L4.ACK, 1001, 5001, "");
    private static final String SECOND_SERVICE = """
            ---
            kind: Service
            metadata: {name: other, namespace: shop}
            spec: {clusterIP: 10.96.0.20, ports: [{name: http, port: 80}]}
            ---
            kind: EndpointSlice
            metadata: {name: other-1, namespace: shop, labels: {kubernetes.io/service-name: other}}
            addressType: IPv4
            ports: [{name: http, port: 8080}]
            endpoints: [{addresses: [10.1.0.3]}]
            """;
    /** RFC 959: an address and a port in the payload. */
    private static final String FTP = "PORT 10,0,0,2,15,160\r\n";

    private TcpVectors() {}

    static List<Vector> all() {
        List<Vector> all = new ArrayList<>();
        for (Lab.Net net : Lab.BOTH) {
            all.add(connection(net, "dnat", Flow.dnat(net, 4000, L4.TCP)));
            all.add(connection(net, "masquerade", Flow.masqueraded(net, 4000, L4.TCP)));
            all.add(connection(net, "hairpin", Flow.hairpin(net, 4000, L4.TCP)));
        }
        all.add(endpointDependentMapping());
        all.add(simultaneousOpen());
        all.add(filtering());
        all.add(unsolicitedSyn());
        all.add(establishedTimeout());
        all.add(openingTimeout());
        all.add(closingTimeout());
        all.add(reset());
        all.add(payloadUntouched());
        all.add(portConflict());
        return all;
    }

    private static Vector opened(Vector vector, Flow flow) {
        return vector.request(flow, SYN).reply(flow, SYN_ACK).request(flow, ACK);
    }

    private static Vector connection(Lab.Net net, String kind, Flow flow) {
        Vector vector = new Vector(
                "tcp/%s-%s".formatted(net.name(), kind),
                "A TCP connection opened, used and closed, then opened again on the same ports, " + kind,
                kind.equals("hairpin") ? "RFC 5382 REQ-8" : "RFC 5382 REQ-2");
        opened(vector, flow)
                .request(flow, L4.tcp(L4.ACK, 1001, 5001, "GET / HTTP/1.1\r\n\r\n"))
                .reply(flow, L4.tcp(L4.ACK, 5001, 1019, "HTTP/1.1 200 OK\r\n\r\n"))
                .reply(flow, L4.tcp(L4.FIN | L4.ACK, 5020, 1019, ""))
                .request(flow, L4.tcp(L4.ACK, 1019, 5021, ""))
                .request(flow, L4.tcp(L4.FIN | L4.ACK, 1019, 5021, ""))
                .reply(flow, L4.tcp(L4.ACK, 5021, 1020, ""));
        return vector.waitSeconds(1).request(flow, L4.tcp(L4.SYN, 900_000, 0, ""));
    }

    private static Vector endpointDependentMapping() {
        Vector vector = new Vector(
                "tcp/endpoint-dependent-mapping",
                "One client port towards two backends, and of TCP and UDP: connections of their own",
                "RFC 5382 REQ-1, by design not");
        vector.objects(Lab.OBJECTS + SECOND_SERVICE);
        Flow tcp = Flow.masqueraded(Lab.V4, 4000, L4.TCP);
        Flow second = new Flow(tcp.client(), 4000, "10.96.0.20", 80, tcp.masquerade(), 4000, "10.1.0.3", 8080);
        opened(opened(vector, tcp), second).request(Flow.masqueraded(Lab.V4, 4000, L4.UDP), L4.udp("udp"));
        return vector.reply(tcp, L4.tcp(L4.ACK, 5001, 1001, "first"))
                .reply(second, L4.tcp(L4.ACK, 5001, 1001, "second"));
    }

    /** RFC 793 section 3.4: both sides send a SYN, and their SYN-ACKs cross. */
    private static Vector simultaneousOpen() {
        Vector vector = new Vector("tcp/simultaneous-open", "Both sides open at the same time", "RFC 5382 REQ-2a");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.TCP);
        return vector.request(flow, SYN)
                .reply(flow, L4.tcp(L4.SYN, 5000, 0, ""))
                .request(flow, L4.tcp(L4.SYN | L4.ACK, 1000, 5001, ""))
                .reply(flow, SYN_ACK)
                .request(flow, L4.tcp(L4.ACK, 1001, 5001, "hello"))
                .reply(flow, L4.tcp(L4.ACK, 5001, 1006, "hello"));
    }

    private static Vector filtering() {
        Vector vector = new Vector(
                "tcp/filtering",
                "Segments to a masquerade port from anyone but its backend",
                "RFC 5382 REQ-3, by design not");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.TCP);
        opened(vector, flow);
        UdpVectors.rejected(vector, Ip.of(Lab.V4.backend(), Lab.V4.node(), SYN.make(8081, 4000)));
        UdpVectors.rejected(vector, Ip.of(Lab.V4.pod(), Lab.V4.node(), SYN.make(8080, 4000)));
        return vector.reply(flow, L4.tcp(L4.ACK, 5001, 1001, "on"));
    }

    private static Vector unsolicitedSyn() {
        Vector vector = new Vector(
                "tcp/unsolicited-syn",
                "A SYN from outside to a masquerade address is answered at once",
                "RFC 5382 REQ-4, by design not");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.TCP);
        return UdpVectors.rejected(vector, flow.replyBefore(L4.tcp(L4.SYN, 5000, 0, "")));
    }

    private static Vector establishedTimeout() {
        Vector vector = new Vector(
                "tcp/established-timeout",
                "An idle connection is kept for 24 hours, as kube-proxy has it, and not longer",
                "RFC 5382 REQ-5");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.TCP);
        opened(vector, flow)
                .waitSeconds(2 * 3600 + 4 * 60)
                .reply(flow, L4.tcp(L4.ACK, 5001, 1001, "two hours"))
                .request(flow, L4.tcp(L4.ACK, 1001, 5010, ""))
                .waitSeconds(24 * 3600 - 1)
                .reply(flow, L4.tcp(L4.ACK, 5010, 1001, "a day"))
                .request(flow, L4.tcp(L4.ACK, 1001, 5015, ""))
                .waitSeconds(24 * 3600 + 1);
        return UdpVectors.rejected(vector, flow.replyBefore(L4.tcp(L4.ACK, 5015, 1001, "too late")));
    }

    private static Vector openingTimeout() {
        Vector vector = new Vector(
                "tcp/opening-timeout",
                "A SYN without answer is remembered for 120 s, as Linux does",
                "RFC 5382 REQ-5, RFC 7857 section 2.1, by design not");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.TCP);
        vector.request(flow, SYN).waitSeconds(120.1);
        UdpVectors.rejected(vector, flow.replyBefore(SYN_ACK));
        Flow other = Flow.masqueraded(Lab.V4, 4001, L4.TCP);
        return vector.request(other, SYN).waitSeconds(119.9).reply(other, SYN_ACK);
    }

    private static Vector closingTimeout() {
        Vector vector = new Vector(
                "tcp/closing-timeout",
                "A connection that both sides closed is remembered for 120 s, as Linux does",
                "RFC 5382 REQ-5, RFC 7857 section 2.1, by design not");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.TCP);
        opened(vector, flow)
                .request(flow, L4.tcp(L4.FIN | L4.ACK, 1001, 5001, ""))
                .reply(flow, L4.tcp(L4.FIN | L4.ACK, 5001, 1002, ""))
                .request(flow, L4.tcp(L4.ACK, 1002, 5002, ""))
                .waitSeconds(119)
                .reply(flow, L4.tcp(L4.FIN | L4.ACK, 5001, 1002, ""))
                .waitSeconds(121);
        return UdpVectors.rejected(vector, flow.replyBefore(L4.tcp(L4.FIN | L4.ACK, 5001, 1002, "")));
    }

    private static Vector reset() {
        Vector vector = new Vector(
                "tcp/reset",
                "A reset is translated; the connection is remembered for 10 s after it, as Linux does",
                "RFC 7857 section 2.2");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.TCP);
        opened(vector, flow)
                .request(flow, L4.tcp(L4.ACK, 1001, 5001, "question"))
                .reply(flow, L4.tcp(L4.RST | L4.ACK, 5001, 1009, ""))
                .waitSeconds(9)
                .reply(flow, L4.tcp(L4.RST | L4.ACK, 5001, 1009, ""))
                .waitSeconds(10.1);
        return UdpVectors.rejected(vector, flow.replyBefore(L4.tcp(L4.RST | L4.ACK, 5001, 1009, "")));
    }

    private static Vector payloadUntouched() {
        Vector vector =
                new Vector("tcp/payload-untouched", "Addresses in a payload are nobody's business", "RFC 5382 REQ-6");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.TCP);
        return opened(vector, flow).request(flow, L4.tcp(L4.ACK, 1001, 5001, FTP));
    }

    private static Vector portConflict() {
        Vector vector = new Vector(
                "tcp/port-conflict",
                "Clients with the same source port towards one backend",
                "RFC 5382 REQ-7: no port is shared");
        vector.anyFrames();
        for (int i = 0; i < 40; i++) {
            L4 syn = L4.tcp(4000, 80, L4.SYN, 1000, 0, String.valueOf((char) i)); // data that tells the client
            vector.play(Ip.of("10.0.0." + (10 + i), Lab.V4.vip(), syn), "service");
        }
        return vector;
    }
}

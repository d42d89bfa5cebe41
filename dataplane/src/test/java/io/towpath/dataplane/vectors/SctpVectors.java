package io.towpath.dataplane.vectors;

import java.util.ArrayList;
import java.util.List;

/** SCTP through the Service: ports rewritten, CRC32c computed anew. RFC 9260; chunk types in its section 3.2. */
final class SctpVectors {
    private static final int DATA = 0;
    private static final int CLIENT_TAG = 0x11223344;
    private static final int BACKEND_TAG = 0x55667788;

    /** IPv4 address parameter of a second path (RFC 9260 section 3.3.2.1.1), which nothing translates. */
    private static final byte[] SECOND_ADDRESS = Bytes.hex("0005 0008 CB007109");

    static final L4.Maker INIT = L4.sctp(0, L4.chunk(1, 0, init(CLIENT_TAG, new byte[0])));
    static final L4.Maker INIT_ACK = L4.sctp(CLIENT_TAG, L4.chunk(2, 0, init(BACKEND_TAG, cookie())));
    private static final L4.Maker COOKIE_ECHO = L4.sctp(BACKEND_TAG, L4.chunk(10, 0, L4.text("cookie")));
    private static final L4.Maker COOKIE_ACK = L4.sctp(CLIENT_TAG, L4.chunk(11, 0, new byte[0]));

    private SctpVectors() {}

    static List<Vector> all() {
        List<Vector> all = new ArrayList<>();
        for (Lab.Net net : Lab.BOTH) {
            for (String kind : List.of("dnat", "masquerade", "hairpin")) {
                Flow flow = kind.equals("dnat")
                        ? Flow.dnat(net, 4000, L4.SCTP)
                        : kind.equals("hairpin")
                                ? Flow.hairpin(net, 4000, L4.SCTP)
                                : Flow.masqueraded(net, 4000, L4.SCTP);
                all.add(association(net, kind, flow));
            }
            all.add(abort(net));
            all.add(multihoming(net));
        }
        all.add(wrongTag());
        return all;
    }

    private static byte[] init(int tag, byte[] parameters) {
        byte[] fixed = new byte[16];
        Bytes.put32(fixed, 0, tag);
        Bytes.put32(fixed, 4, 65536);
        Bytes.put16(fixed, 8, 10);
        Bytes.put16(fixed, 10, 10);
        Bytes.put32(fixed, 12, 1);
        return Bytes.concat(fixed, parameters);
    }

    /** State cookie parameter. */
    private static byte[] cookie() {
        return Bytes.concat(Bytes.hex("0007 000A"), L4.text("cookie"), new byte[2]);
    }

    private static L4.Maker data(int tag, String text) {
        return L4.sctp(tag, L4.chunk(DATA, 3, Bytes.concat(Bytes.hex("00000001 0001 0001 00000000"), L4.text(text))));
    }

    private static L4.Maker sack(int tag) {
        return L4.sctp(tag, L4.chunk(3, 0, Bytes.hex("00000001 00010000 0000 0000")));
    }

    private static Vector opened(Vector vector, Flow flow, L4.Maker init, L4.Maker initAck) {
        return vector.request(flow, init)
                .reply(flow, initAck)
                .request(flow, COOKIE_ECHO)
                .reply(flow, COOKIE_ACK);
    }

    private static Vector association(Lab.Net net, String kind, Flow flow) {
        Vector vector = new Vector(
                "sctp/%s-%s".formatted(net.name(), kind),
                "An SCTP association opened, used and shut down, " + kind,
                "RFC 9260 sections 5, 6 and 9; ports rewritten, CRC32c right");
        opened(vector, flow, INIT, INIT_ACK)
                .request(flow, data(BACKEND_TAG, "hello"))
                .reply(flow, sack(CLIENT_TAG))
                .reply(flow, data(CLIENT_TAG, "and back"))
                .request(flow, sack(BACKEND_TAG));
        return vector.request(flow, L4.sctp(BACKEND_TAG, L4.chunk(7, 0, Bytes.hex("00000001"))))
                .reply(flow, L4.sctp(CLIENT_TAG, L4.chunk(8, 0, new byte[0])))
                .request(flow, L4.sctp(BACKEND_TAG, L4.chunk(14, 0, new byte[0])));
    }

    private static Vector abort(Lab.Net net) {
        Vector vector = new Vector(
                "sctp/%s-abort".formatted(net.name()),
                "An SCTP association is aborted by its backend, and another one begins on the same ports",
                "RFC 9260 section 9.1");
        Flow flow = Flow.masqueraded(net, 4000, L4.SCTP);
        opened(vector, flow, INIT, INIT_ACK);
        vector.reply(flow, L4.sctp(CLIENT_TAG, L4.chunk(6, 0, new byte[0])));
        return opened(vector, flow, INIT, INIT_ACK);
    }

    private static Vector multihoming(Lab.Net net) {
        Vector vector = new Vector(
                "sctp/%s-multihoming".formatted(net.name()),
                "Addresses in INIT, INIT ACK and ASCONF pass by: only the header's addresses and ports are translated",
                "RFC 9260 section 3.3.2.1, RFC 5061; no second path is opened");
        Flow flow = Flow.masqueraded(net, 4000, L4.SCTP);
        L4.Maker init = L4.sctp(0, L4.chunk(1, 0, init(CLIENT_TAG, SECOND_ADDRESS)));
        L4.Maker initAck =
                L4.sctp(CLIENT_TAG, L4.chunk(2, 0, init(BACKEND_TAG, Bytes.concat(SECOND_ADDRESS, cookie()))));
        opened(vector, flow, init, initAck);
        byte[] asconf =
                Bytes.concat(Bytes.hex("00000001"), SECOND_ADDRESS, Bytes.hex("C001 0010 00000001"), SECOND_ADDRESS);
        return vector.request(flow, L4.sctp(BACKEND_TAG, L4.chunk(0xC1, 0, asconf)))
                .reply(flow, L4.sctp(CLIENT_TAG, L4.chunk(0x80, 0, Bytes.hex("00000001"))));
    }

    private static Vector wrongTag() {
        Vector vector = new Vector(
                "sctp/v4-wrong-tag",
                "Packets with a wrong verification tag are dropped, and the association goes on",
                "RFC 9260 section 8.5");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.SCTP);
        opened(vector, flow, INIT, INIT_ACK);
        vector.play(flow.requestBefore(data(BACKEND_TAG + 1, "forged")), "conntrack-invalid");
        vector.play(flow.replyBefore(L4.sctp(CLIENT_TAG + 1, L4.chunk(6, 0, new byte[0]))), "conntrack-invalid");
        return vector.request(flow, data(BACKEND_TAG, "genuine")).reply(flow, sack(CLIENT_TAG));
    }
}

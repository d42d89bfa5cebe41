package io.towpath.dataplane.vectors;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** ICMP errors of every type about every kind of translation, in both directions; their odd forms; and what is no proper error. */
final class IcmpErrorVectors {
    private static final L4.Maker UDP = L4.udp("towpath");
    private static final L4.Maker SYN = L4.tcp(L4.SYN, 1000, 0, "");
    private static final L4.Maker SYN_ACK = L4.tcp(L4.SYN | L4.ACK, 5000, 1001, "");
    private static final L4.Maker INIT = SctpVectors.INIT;
    private static final L4.Maker INIT_ACK = SctpVectors.INIT_ACK;
    /** Router alert, then no operation (RFC 791 section 3.1, RFC 2113). */
    private static final byte[] OPTIONS = Bytes.hex("94040000 01010101");
    /** Hop-by-hop options, then destination options, padding in each (RFC 8200 section 4). */
    private static final byte[] EXTENSIONS = Bytes.hex("3C00 0104 00000000  0000 0104 00000000");

    private static final int HOP_BY_HOP = 0;
    /** Extension structure with an interface name (RFC 5837): version 2, checksum, an object of 16 bytes. */
    private static final byte[] RFC4884 = extensionStructure("0010 0203 0A 65746831000000000000");

    private static final String ERRORS = "RFC 5508 REQ-4, REQ-5, REQ-7";

    private IcmpErrorVectors() {}

    static List<Vector> all() {
        List<Vector> all = new ArrayList<>();
        for (Lab.Net net : Lab.BOTH) {
            for (String kind : List.of("dnat", "masquerade", "hairpin")) {
                all.add(everyType(net, kind, true));
                all.add(everyType(net, kind, false));
                all.add(everyProtocol(net, kind));
            }
            all.add(forms(
                    net, "options", "options or extension headers in both headers", IcmpErrorVectors::withOptions));
            all.add(rfc4884(net));
            all.add(shortQuotes(net));
            all.add(fromRouters(net));
            all.add(unrelated(net));
            all.add(invalid(net));
            all.add(refreshesNothing(net));
            all.add(endsNothing(net));
        }
        all.add(wrongChecksum());
        all.add(wrongQuotedChecksums());
        all.add(redirects());
        return all;
    }

    private static byte[] extensionStructure(String object) {
        byte[] bytes = Bytes.concat(Bytes.hex("2000 0000"), Bytes.hex(object));
        Bytes.put16(bytes, 2, ~Bytes.sum(bytes));
        return bytes;
    }

    private static Flow flow(Lab.Net net, String kind, int protocol) {
        return switch (kind) {
            case "dnat" -> Flow.dnat(net, 4000, protocol);
            case "hairpin" -> Flow.hairpin(net, 4000, protocol);
            default -> Flow.masqueraded(net, 4000, protocol);
        };
    }

    /** Types and codes: RFC 792, 1122 section 3.2.2, 1812 section 5.2.7; RFC 4443, 4620's successors in the registry of IANA. */
    private static List<IcmpError> types(Lab.Net net) {
        List<IcmpError> types = new ArrayList<>();
        int unreachable = net.isIpv6() ? 1 : 3;
        for (int code = 0; code <= (net.isIpv6() ? 8 : 15); code++) {
            types.add(IcmpError.of(unreachable, code, !net.isIpv6() && code == 4 ? 1400 : 0));
        }
        types.add(net.isIpv6() ? IcmpError.of(2, 0, 1400) : IcmpError.of(4, 0, 0));
        for (int code = 0; code <= 1; code++) {
            types.add(IcmpError.of(net.isIpv6() ? 3 : 11, code, 0));
        }
        for (int code = 0; code <= 2; code++) {
            types.add(IcmpError.of(net.isIpv6() ? 4 : 12, code, net.isIpv6() ? 40 : 20 << 24));
        }
        return types;
    }

    private static Vector everyType(Lab.Net net, String kind, boolean toClient) {
        String direction = toClient ? "to-client" : "to-backend";
        Vector vector = new Vector(
                "icmp-errors/%s-%s-%s".formatted(net.name(), kind, direction),
                "ICMP errors of every type and code, %s, %s".formatted(kind, direction),
                ERRORS);
        Flow flow = flow(net, kind, L4.UDP);
        vector.request(flow, UDP).reply(flow, UDP);
        for (IcmpError error : types(net)) {
            translated(vector, error, flow, toClient, UDP);
        }
        return vector.request(flow, UDP).reply(flow, UDP);
    }

    private static void translated(Vector vector, IcmpError error, Flow flow, boolean toClient, L4.Maker maker) {
        Flow.Change change =
                toClient ? error.toClient(flow, flow.backend(), maker) : error.toBackend(flow, flow.client(), maker);
        vector.play(change.before(), "icmp-error-translated", change.after());
    }

    private static Vector everyProtocol(Lab.Net net, String kind) {
        Vector vector = new Vector(
                "icmp-errors/%s-%s-protocols".formatted(net.name(), kind),
                "ICMP errors about TCP, SCTP and UDP without checksum, " + kind,
                ERRORS + ", RFC 5382 REQ-9");
        IcmpError error = IcmpError.of(net.isIpv6() ? 1 : 3, 1, 0);
        Flow tcp = flow(net, kind, L4.TCP);
        vector.request(tcp, SYN).reply(tcp, SYN_ACK);
        translated(vector, error, tcp, true, SYN);
        translated(vector, error, tcp, false, SYN_ACK);
        Flow sctp = flow(net, kind, L4.SCTP);
        vector.request(sctp, INIT).reply(sctp, INIT_ACK);
        translated(vector, error, sctp, true, INIT);
        translated(vector, error, sctp, false, INIT_ACK);
        Flow udp = flow(net, kind, L4.UDP);
        L4.Maker unsummed = L4.udpUnsummed("no checksum");
        vector.request(udp, unsummed).reply(udp, unsummed);
        translated(vector, error, udp, true, unsummed);
        translated(vector, error, udp, false, unsummed);
        return vector;
    }

    private static Ip withOptions(Ip packet) {
        return packet.options(OPTIONS, HOP_BY_HOP, EXTENSIONS);
    }

    private static Vector forms(Lab.Net net, String name, String what, UnaryOperator<Ip> form) {
        Vector vector = new Vector(
                "icmp-errors/%s-%s".formatted(net.name(), name), "ICMP errors with " + what, "RFC 5508 REQ-3b");
        Flow flow = Flow.masqueraded(net, 4000, L4.UDP);
        vector.request(flow, UDP, form).reply(flow, UDP, form);
        int unreachable = net.isIpv6() ? 1 : 3;
        UnaryOperator<Ip> plain = UnaryOperator.identity();
        for (boolean toClient : new boolean[] {true, false}) {
            translated(vector, IcmpError.of(unreachable, 3, 0).forms(plain, form), flow, toClient, UDP);
            translated(vector, IcmpError.of(unreachable, 3, 0).forms(form, plain), flow, toClient, UDP);
            translated(vector, IcmpError.of(unreachable, 3, 0).forms(form, form), flow, toClient, UDP);
        }
        return vector;
    }

    private static Vector rfc4884(Lab.Net net) {
        Vector vector = new Vector(
                "icmp-errors/%s-rfc4884".formatted(net.name()),
                "ICMP errors with extensions behind the padded quote, which stay as they are",
                "RFC 5508 REQ-3d, RFC 4884");
        Flow flow = Flow.masqueraded(net, 4000, L4.UDP);
        vector.request(flow, UDP).reply(flow, UDP);
        for (boolean toClient : new boolean[] {true, false}) {
            translated(vector, IcmpError.of(net.isIpv6() ? 1 : 3, 1, 0).extension(RFC4884), flow, toClient, UDP);
            translated(vector, IcmpError.of(net.isIpv6() ? 3 : 11, 0, 0).extension(RFC4884), flow, toClient, UDP);
        }
        if (!net.isIpv6()) {
            translated(vector, IcmpError.of(12, 0, 20 << 24).extension(RFC4884), flow, true, UDP);
        }
        return vector;
    }

    private static Vector shortQuotes(Lab.Net net) {
        int header = net.isIpv6() ? 40 : 20;
        Vector vector = new Vector(
                "icmp-errors/%s-short-quotes".formatted(net.name()),
                "ICMP errors that quote only the first bytes of a packet",
                "RFC 792: 8 bytes of the transport header at least");
        Flow flow = Flow.masqueraded(net, 4000, L4.TCP);
        vector.request(flow, SYN).reply(flow, SYN_ACK);
        for (int bytes : new int[] {8, 12, 16, 18, 20}) {
            IcmpError error = IcmpError.of(net.isIpv6() ? 1 : 3, 1, 0).quoting(header + bytes);
            translated(vector, error, flow, true, SYN);
            translated(vector, error, flow, false, SYN_ACK);
        }
        for (int bytes : new int[] {0, 4, 7}) {
            IcmpError error = IcmpError.of(net.isIpv6() ? 1 : 3, 1, 0).quoting(header + bytes);
            vector.play(error.toClient(flow, flow.backend(), SYN).before(), "icmp-error-invalid");
        }
        return vector;
    }

    /** Between the engine and the ends there are routers; they answer with their own addresses. */
    private static Vector fromRouters(Lab.Net net) {
        Vector vector = new Vector(
                "icmp-errors/%s-from-routers".formatted(net.name()),
                "ICMP errors from routers on the way: hidden behind the virtual address or the masquerade address, else as they are",
                "RFC 5508 REQ-4c, REQ-5c, RFC 4787 REQ-12a");
        IcmpError exceeded = IcmpError.of(net.isIpv6() ? 3 : 11, 0, 0);
        for (Flow flow : List.of(Flow.dnat(net, 4000, L4.UDP), Flow.masqueraded(net, 4001, L4.UDP))) {
            vector.request(flow, UDP).reply(flow, UDP);
            Flow.Change behind = exceeded.toClient(flow, net.podHop(), UDP);
            vector.play(behind.before(), "icmp-error-translated", behind.after());
            String hop = flow.client().equals(net.pod()) ? net.podHop() : net.clientHop();
            Flow.Change front = exceeded.toBackend(flow, hop, UDP);
            vector.play(front.before(), "icmp-error-translated", front.after());
        }
        return vector;
    }

    private static Vector unrelated(Lab.Net net) {
        Vector vector = new Vector(
                "icmp-errors/%s-unrelated".formatted(net.name()),
                "ICMP errors about connections that nobody knows, and to who did not send what they quote",
                "RFC 5508 REQ-4, REQ-5");
        Flow known = Flow.masqueraded(net, 4000, L4.UDP);
        Flow unknown = Flow.masqueraded(net, 4001, L4.UDP);
        vector.request(known, UDP).reply(known, UDP);
        IcmpError error = IcmpError.of(net.isIpv6() ? 1 : 3, 1, 0);
        vector.play(error.toClient(unknown, net.backend(), UDP).before(), "icmp-error-unrelated");
        vector.play(error.toBackend(unknown, net.client(), UDP).before(), "icmp-error-unrelated");
        byte[] quoted = known.requestAfter(UDP).hops(62).bytes();
        vector.play(error.error(net.backend(), net.client(), quoted), "icmp-error-invalid");
        return vector;
    }

    private static Vector invalid(Lab.Net net) {
        Vector vector = new Vector(
                "icmp-errors/%s-invalid".formatted(net.name()),
                "ICMP errors that quote nothing, garbage, another ICMP error or headers without end",
                "bounded work, counted drops");
        Flow flow = Flow.masqueraded(net, 4000, L4.UDP);
        vector.request(flow, UDP).reply(flow, UDP);
        IcmpError error = IcmpError.of(net.isIpv6() ? 1 : 3, 1, 0);
        byte[] quoted = flow.requestAfter(UDP).hops(62).bytes();
        Ip inner = error.error(net.node(), net.backend(), flow.replyBefore(UDP).bytes());
        byte[] endless = Ip.of(net.node(), net.backend(), UDP.make(4000, 5353))
                .options(Bytes.hex("44280500" + "00".repeat(36)), 60, Bytes.hex("3C00 0104 00000000".repeat(12)))
                .bytes();
        byte[] cut = java.util.Arrays.copyOf(endless, net.isIpv6() ? 60 : 24);
        byte[] otherFamily = quoted.clone();
        otherFamily[0] ^= 0x20;
        for (byte[] quote : List.of(new byte[0], new byte[64], inner.bytes(), cut, otherFamily)) {
            vector.play(error.error(net.backend(), net.node(), quote), "icmp-error-invalid");
        }
        if (net.isIpv6()) {
            vector.play(error.error(net.backend(), net.node(), endless), "icmp-error-invalid");
        }
        return vector.request(flow, UDP).reply(flow, UDP);
    }

    /** The stream ends 120 s after its last packet, whatever errors came. */
    private static Vector refreshesNothing(Lab.Net net) {
        Vector vector = new Vector(
                "icmp-errors/%s-refresh-nothing".formatted(net.name()),
                "ICMP errors in either direction do not keep a connection alive",
                "RFC 5508 REQ-6, RFC 7857 section 7.1");
        Flow flow = Flow.masqueraded(net, 4000, L4.UDP);
        vector.request(flow, UDP).reply(flow, UDP).waitSeconds(3).request(flow, UDP);
        IcmpError error = IcmpError.of(net.isIpv6() ? 1 : 3, 3, 0);
        for (int i = 0; i < 2; i++) {
            vector.waitSeconds(59);
            translated(vector, error, flow, true, UDP);
            translated(vector, error, flow, false, UDP);
        }
        vector.waitSeconds(3);
        return UdpVectors.rejected(vector, flow.replyBefore(UDP));
    }

    private static Vector endsNothing(Lab.Net net) {
        Vector vector = new Vector(
                "icmp-errors/%s-end-nothing".formatted(net.name()),
                "A connection goes on after ICMP errors about it",
                "RFC 4787 REQ-12, RFC 5382 REQ-10, RFC 5508 REQ-6");
        Flow udp = Flow.masqueraded(net, 4000, L4.UDP);
        Flow tcp = Flow.masqueraded(net, 4000, L4.TCP);
        vector.request(udp, UDP).reply(udp, UDP).request(tcp, SYN).reply(tcp, SYN_ACK);
        for (IcmpError error : types(net)) {
            translated(vector, error, udp, true, UDP);
            translated(vector, error, tcp, true, SYN);
            translated(vector, error, tcp, false, SYN_ACK);
        }
        return vector.reply(udp, UDP)
                .request(tcp, L4.tcp(L4.ACK, 1001, 5001, ""))
                .reply(tcp, L4.tcp(L4.ACK, 5001, 1001, "on"));
    }

    /** What came with a wrong checksum goes on with one that is wrong by as much, so that its receiver drops it. */
    private static Vector wrongChecksum() {
        Vector vector = new Vector(
                "icmp-errors/v4-wrong-checksum",
                "An ICMP error with a wrong checksum: no checksum is mended by a translation",
                "RFC 5508 REQ-3, REQ-3c");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.UDP);
        vector.request(flow, UDP).reply(flow, UDP);
        translated(vector, IcmpError.of(3, 3, 0).forms(UnaryOperator.identity(), Ip::damaged), flow, true, UDP);
        return vector;
    }

    private static Vector wrongQuotedChecksums() {
        Vector vector = new Vector(
                "icmp-errors/v4-wrong-quoted-checksum",
                "ICMP errors that quote a packet with a wrong checksum of either header",
                "RFC 5508 REQ-3a, REQ-3c");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.UDP);
        vector.request(flow, UDP).reply(flow, UDP);
        IcmpError error = IcmpError.of(3, 3, 0);
        translated(vector, error.forms(UnaryOperator.identity(), Ip::damaged), flow, true, UDP);
        translated(vector, error.forms(UnaryOperator.identity(), Ip::damagedHeader), flow, true, UDP);
        return vector;
    }

    private static Vector redirects() {
        Vector vector = new Vector(
                "icmp-errors/v4-redirects",
                "ICMP redirects about translated connections are dropped: both ends would talk past the translation",
                "RFC 5508 REQ-11");
        Flow flow = Flow.masqueraded(Lab.V4, 4000, L4.UDP);
        vector.request(flow, UDP).reply(flow, UDP);
        for (int code = 0; code <= 3; code++) {
            IcmpError redirect = IcmpError.of(5, code, 0x0A0100FE);
            vector.play(redirect.toClient(flow, Lab.V4.podHop(), UDP).before(), "icmp-redirect-translated");
            vector.play(redirect.toBackend(flow, Lab.V4.clientHop(), UDP).before(), "icmp-redirect-translated");
        }
        return vector;
    }
}

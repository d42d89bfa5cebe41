package io.towpath.dataplane.vectors;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Packets in fragments: RFC 791 section 3.2, RFC 8200 section 4.5. */
final class FragmentVectors {
    private static final String REQ = "RFC 4787 REQ-14";
    private static final int FRAGMENT_HEADER = 44;

    private FragmentVectors() {}

    /** A piece of a packet. */
    private record Piece(String source, String destination, byte[] bytes) implements Packet {}

    static List<Vector> all() {
        List<Vector> all = new ArrayList<>();
        for (Lab.Net net : Lab.BOTH) {
            for (String kind : List.of("dnat", "masquerade", "hairpin")) {
                all.add(inOrder(net, kind));
            }
            all.add(everyOrder(net));
            all.add(missing(net));
            all.add(overlapping(net));
            all.add(duplicate(net));
            all.add(tiny(net));
            all.add(hugeOffset(net));
            all.add(tooMany(net));
            all.add(icmpErrors(net));
            all.add(ofUnknownConnections(net));
            all.add(whole(net));
        }
        return all;
    }

    private static L4.Maker maker(int bytes) {
        byte[] payload = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            payload[i] = (byte) (i * 7 + i / 251);
        }
        return L4.udp(payload);
    }

    /** Cuts a packet before these bytes of its payload, transport header included. */
    static List<Packet> cut(Ip packet, int number, int... cuts) {
        byte[] all = packet.bytes();
        int header = packet.headerLength();
        int payload = all.length - header;
        List<Packet> pieces = new ArrayList<>();
        for (int i = 0; i <= cuts.length; i++) {
            int from = i == 0 ? 0 : cuts[i - 1];
            int to = i == cuts.length ? payload : cuts[i];
            byte[] part = Arrays.copyOfRange(all, header + from, header + to);
            pieces.add(piece(packet, number, from, i < cuts.length, part));
        }
        return pieces;
    }

    private static Packet piece(Ip packet, int number, int offset, boolean more, byte[] part) {
        byte[] header = Arrays.copyOf(packet.bytes(), packet.headerLength());
        if (packet.isIpv6()) {
            byte[] fragment = new byte[8];
            fragment[0] = header[6];
            Bytes.put16(fragment, 2, offset | (more ? 1 : 0));
            Bytes.put32(fragment, 4, number);
            header[6] = FRAGMENT_HEADER;
            Bytes.put16(header, 4, 8 + part.length);
            return new Piece(packet.source(), packet.destination(), Bytes.concat(header, fragment, part));
        }
        Bytes.put16(header, 2, header.length + part.length);
        Bytes.put16(header, 4, number);
        Bytes.put16(header, 6, offset / 8 | (more ? 0x2000 : 0));
        Bytes.put16(header, 10, 0);
        Bytes.put16(header, 10, ~Bytes.sum(header));
        return new Piece(packet.source(), packet.destination(), Bytes.concat(header, part));
    }

    private static Flow flow(Lab.Net net, String kind) {
        return switch (kind) {
            case "dnat" -> Flow.dnat(net, 4000, L4.UDP);
            case "hairpin" -> Flow.hairpin(net, 4000, L4.UDP);
            default -> Flow.masqueraded(net, 4000, L4.UDP);
        };
    }

    /** Plays pieces in an order: all are held but the last, which lets go all of them, the first one first. */
    private static void play(Vector vector, Flow.Change change, String reason, int number, int[] cuts, int... order) {
        List<Packet> before = cut((Ip) change.before(), number, cuts);
        List<Packet> after = cut((Ip) change.after(), number, cuts);
        for (int i = 0; i < order.length; i++) {
            boolean last = i == order.length - 1;
            vector.play(before.get(order[i]), reason, last ? after.toArray(Packet[]::new) : new Packet[0]);
        }
    }

    private static Vector inOrder(Lab.Net net, String kind) {
        Vector vector = new Vector(
                "fragments/%s-%s".formatted(net.name(), kind),
                "Fragments of requests and replies, in order, " + kind,
                REQ);
        Flow flow = flow(net, kind);
        int[] cuts = {1000, 2000};
        play(vector, flow.request(maker(2500), ip -> ip), "service", 1, cuts, 0, 1, 2);
        play(vector, flow.reply(maker(2500), ip -> ip), "service-reply", 2, cuts, 0, 1, 2);
        return vector;
    }

    private static Vector everyOrder(Lab.Net net) {
        Vector vector = new Vector(
                "fragments/%s-every-order".formatted(net.name()), "Three fragments in each of their orders", REQ);
        Flow flow = flow(net, "masquerade");
        int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        for (int i = 0; i < orders.length; i++) {
            play(vector, flow.request(maker(100), ip -> ip), "service", 10 + i, new int[] {32, 64}, orders[i]);
        }
        return vector;
    }

    /** Given up 30 s (IPv4) or 60 s (IPv6) after its first fragment; the last one is then the first of another packet, which stays held. */
    private static Vector missing(Lab.Net net) {
        Vector vector = new Vector(
                "fragments/%s-missing".formatted(net.name()),
                "A packet without one of its fragments is given up, and later ones are not",
                "RFC 791 section 3.2, RFC 8200 section 4.5");
        Flow flow = flow(net, "masquerade");
        List<Packet> pieces = cut(flow.requestBefore(maker(100)), 1, 32, 64);
        vector.play(pieces.get(0), "fragment-timed-out").play(pieces.get(1), "fragment-timed-out");
        vector.waitSeconds(net.isIpv6() ? 60.1 : 30.1).play(pieces.get(2), "fragment-held");
        play(vector, flow.request(maker(100), ip -> ip), "service", 2, new int[] {32, 64}, 2, 0, 1);
        return vector;
    }

    private static Vector overlapping(Lab.Net net) {
        Vector vector = new Vector(
                "fragments/%s-overlapping".formatted(net.name()),
                "A fragment that overlaps another one in part, or ends elsewhere, costs the packet",
                "RFC 5722, RFC 8200 section 4.5");
        Flow flow = flow(net, "masquerade");
        Ip packet = flow.requestBefore(maker(100));
        List<Packet> pieces = cut(packet, 1, 32, 64);
        byte[] all = packet.bytes();
        byte[] some = Arrays.copyOfRange(all, packet.headerLength() + 16, packet.headerLength() + 48);
        vector.play(pieces.get(0), "fragment-conflict").play(piece(packet, 1, 16, true, some), "fragment-conflict");
        vector.play(pieces.get(1), "fragment-held"); // of a packet that is over: it begins another
        List<Packet> others = cut(packet, 2, 32, 64);
        vector.play(others.get(2), "fragment-conflict")
                .play(piece(packet, 2, 64, false, new byte[16]), "fragment-conflict");
        return vector;
    }

    private static Vector duplicate(Lab.Net net) {
        Vector vector = new Vector(
                "fragments/%s-duplicate".formatted(net.name()),
                "A fragment that comes twice counts once",
                "RFC 791 section 3.2");
        Flow flow = flow(net, "masquerade");
        Flow.Change change = flow.request(maker(100), ip -> ip);
        List<Packet> before = cut((Ip) change.before(), 1, 32, 64);
        List<Packet> after = cut((Ip) change.after(), 1, 32, 64);
        return vector.play(before.get(0), "service")
                .play(before.get(0), "fragment-duplicate")
                .play(before.get(2), "service")
                .play(before.get(2), "fragment-duplicate")
                .play(before.get(1), "service", after.toArray(Packet[]::new));
    }

    private static Vector tiny(Lab.Net net) {
        Vector vector = new Vector(
                "fragments/%s-tiny".formatted(net.name()),
                "A first fragment without the whole transport header is dropped, and so is one of no whole eight bytes",
                "RFC 1858, RFC 7112");
        Flow flow = Flow.masqueraded(net, 4000, L4.TCP);
        Ip packet = flow.requestBefore(L4.tcp(L4.SYN, 1000, 0, "data on a SYN"));
        List<Packet> pieces = cut(packet, 1, 8);
        vector.play(pieces.get(0), "fragment-tiny").play(pieces.get(1), "fragment-held");
        byte[] odd = Arrays.copyOfRange(packet.bytes(), packet.headerLength(), packet.headerLength() + 27);
        return vector.play(piece(packet, 2, 0, true, odd), "fragment-invalid")
                .play(piece(packet, 3, 24, true, new byte[0]), "fragment-invalid");
    }

    private static Vector hugeOffset(Lab.Net net) {
        Vector vector = new Vector(
                "fragments/%s-huge-offset".formatted(net.name()),
                "A fragment that ends behind byte 65535 belongs to no packet",
                "the ping of death");
        Ip packet = flow(net, "masquerade").requestBefore(maker(100));
        return vector.play(piece(packet, 1, 65528, false, new byte[64]), "fragment-invalid");
    }

    private static Vector tooMany(Lab.Net net) {
        Vector vector = new Vector(
                "fragments/%s-too-many".formatted(net.name()),
                "The 129th fragment of a packet costs the packet, and the next packet passes",
                "bounded work; 64 KiB at an MTU of 576 bytes make 119 fragments");
        Flow flow = flow(net, "masquerade");
        int[] cuts =
                java.util.stream.IntStream.rangeClosed(1, 129).map(n -> 8 * n).toArray();
        List<Packet> pieces = cut(flow.requestBefore(maker(1200)), 1, cuts);
        for (int i = 0; i < 129; i++) {
            vector.play(pieces.get(i), "fragment-too-many");
        }
        play(vector, flow.request(maker(100), ip -> ip), "service", 2, new int[] {32}, 0, 1);
        return vector;
    }

    private static Vector icmpErrors(Lab.Net net) {
        Vector vector = new Vector(
                "fragments/%s-icmp-errors".formatted(net.name()),
                "ICMP errors in fragments, and ICMP errors about a first fragment",
                "RFC 5508 REQ-4, REQ-5");
        Flow flow = flow(net, "masquerade");
        L4.Maker large = maker(600);
        vector.request(flow, large).reply(flow, large);
        IcmpError error = IcmpError.of(net.isIpv6() ? 1 : 3, 3, 0).quoting(528);
        play(
                vector,
                error.toClient(flow, flow.backend(), large),
                "icmp-error-translated",
                1,
                new int[] {240, 480},
                1,
                2,
                0);
        play(
                vector,
                error.toBackend(flow, flow.client(), large),
                "icmp-error-translated",
                2,
                new int[] {240, 480},
                2,
                1,
                0);
        byte[] first = cut(flow.requestAfter(large).hops(62), 3, 240).getFirst().bytes();
        byte[] shown =
                cut(flow.requestBefore(large).hops(62), 3, 240).getFirst().bytes();
        return vector.play(
                error.error(net.backend(), flow.masquerade(), first),
                "icmp-error-translated",
                error.error(flow.vip(), flow.client(), shown).forwarded());
    }

    private static Vector ofUnknownConnections(Lab.Net net) {
        Vector vector = new Vector(
                "fragments/%s-routed".formatted(net.name()),
                "Fragments that are for no Service pass as they came",
                REQ);
        Ip packet = Ip.of(net.pod(), net.farClient(), maker(100).make(4000, 53));
        play(vector, new Flow.Change(packet, packet.forwarded()), "routed", 1, new int[] {32, 64}, 2, 1, 0);
        return vector;
    }

    /** A fragment that is all of the packet (RFC 6946); of IPv4 there is no such thing, but DF is clear. */
    private static Vector whole(Lab.Net net) {
        Vector vector = new Vector(
                "fragments/%s-whole".formatted(net.name()),
                "A fragment that is a whole packet waits for nobody",
                "RFC 6946");
        Flow.Change change = flow(net, "masquerade").request(maker(100), ip -> ip);
        play(vector, change, "service", 9, new int[0], 0);
        return vector;
    }
}

package io.towpath.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.packet.Reason;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Packets in fragments, and what a node makes of them. */
final class FragmentTraffic {
    static final int WHOLE_ID = 0x77AA;
    static final String POD = "10.1.0.9";
    static final String VIP = "10.96.0.10";

    private FragmentTraffic() {}

    static Node node() {
        return new Node(Datagrams.services());
    }

    /** What a node that has seen nothing yet makes of a whole packet. */
    static byte[] translated(byte[] packet) {
        try (Node node = node()) {
            return node.send(packet);
        }
    }

    static byte[] payload(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    static byte[] udp(int payload) {
        byte[] l4 = Datagrams.transport(Datagrams.UDP, POD, 4000, VIP, 80, payload(new Random(payload), payload));
        return Datagrams.whole(Datagrams.UDP, POD, VIP, 0, l4);
    }

    static byte[] udp6(int payload) {
        byte[] l4 =
                Datagrams.transport(Datagrams.UDP, "fd01::9", 4000, "fd96::10", 80, payload(new Random(1), payload));
        return Datagrams.whole(Datagrams.UDP, "fd01::9", "fd96::10", 0, l4);
    }

    /** Sends frames one by one; returns what came out. */
    static List<byte[]> play(Node node, List<byte[]> frames) {
        node.sent.clear();
        for (byte[] frame : frames) {
            node.load(frame);
            node.run();
        }
        return List.copyOf(node.sent);
    }

    /** States all counters that are not 0. */
    static void assertCounters(Node node, Object... reasonsAndPackets) {
        Map<Reason, Long> expected = new EnumMap<>(Reason.class);
        for (int n = 0; n < reasonsAndPackets.length; n += 2) {
            expected.put((Reason) reasonsAndPackets[n], ((Integer) reasonsAndPackets[n + 1]).longValue());
        }
        Map<Reason, Long> counted = new EnumMap<>(Reason.class);
        for (Reason reason : Reason.ALL) {
            if (node.packets(reason) != 0) {
                counted.put(reason, node.packets(reason));
            }
        }
        assertEquals(expected, counted);
    }

    static int[] cutsEvery(int step, int payload) {
        return IntStream.iterate(step, cut -> cut < payload, cut -> cut + step).toArray();
    }

    static byte[] piece(byte[] packet, int id, int from, int to, boolean more) {
        int header = 14 + (packet[14] >>> 4 == 4 ? 20 : 40);
        return Datagrams.fragment(packet, id, from, more, Arrays.copyOfRange(packet, header + from, header + to));
    }
}

package io.towpath.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.Entry;
import io.towpath.packet.Reason;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a packet in fragments becomes is what the whole packet becomes, whatever the order; and what is no such packet is dropped, counted. */
final class FragmentsTest {
    private static final int WHOLE_ID = 0x77AA;
    private static final String POD = "10.1.0.9";
    private static final String VIP = "10.96.0.10";

    private static Node node() {
        return new Node(Datagrams.services());
    }

    /** What a node that has seen nothing yet makes of a whole packet. */
    private static byte[] translated(byte[] packet) {
        try (Node node = node()) {
            return node.send(packet);
        }
    }

    private static byte[] payload(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] udp(int payload) {
        byte[] l4 = Datagrams.transport(Datagrams.UDP, POD, 4000, VIP, 80, payload(new Random(payload), payload));
        return Datagrams.whole(Datagrams.UDP, POD, VIP, 0, l4);
    }

    private static byte[] udp6(int payload) {
        byte[] l4 =
                Datagrams.transport(Datagrams.UDP, "fd01::9", 4000, "fd96::10", 80, payload(new Random(1), payload));
        return Datagrams.whole(Datagrams.UDP, "fd01::9", "fd96::10", 0, l4);
    }

    /** Sends frames one by one; returns what came out. */
    private static List<byte[]> play(Node node, List<byte[]> frames) {
        node.sent.clear();
        for (byte[] frame : frames) {
            node.load(frame);
            node.run();
        }
        return List.copyOf(node.sent);
    }

    /** States all counters that are not 0. */
    private static void assertCounters(Node node, Object... reasonsAndPackets) {
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

    private static int[] cuts(Random random, int payload) {
        return random.ints(random.nextInt(1, 12), 3, Math.max(4, payload / 8))
                .map(units -> units * 8)
                .filter(cut -> cut < payload)
                .sorted()
                .distinct()
                .toArray();
    }

    @Test
    void shouldTranslateFragmentsInAnyOrderAsTheWholePacket() {
        Random random = new Random(20261125);
        int[] protocols = {Datagrams.UDP, Datagrams.TCP, Datagrams.SCTP, Datagrams.ICMP};
        try (Node whole = node();
                Node cut = node()) {
            int free = cut.pool.available();
            for (int n = 0; n < 400; n++) {
                boolean ipv4 = random.nextBoolean();
                int protocol = protocols[random.nextInt(4)];
                protocol = protocol == Datagrams.ICMP && !ipv4 ? Datagrams.ICMPV6 : protocol;
                boolean pod = random.nextBoolean();
                String client = ipv4 ? pod ? POD : "203.0.113.1" : pod ? "fd01::9" : "2001:db8:9::1";
                boolean echo = protocol == Datagrams.ICMP || protocol == Datagrams.ICMPV6;
                String server = ipv4 ? echo ? "10.1.0.1" : VIP : echo ? "fd01::1" : "fd96::10";
                byte[] l4 = Datagrams.transport(
                        protocol,
                        client,
                        2000 + n,
                        server,
                        80,
                        payload(random, 40 + random.nextInt(random.nextInt(10) == 0 ? 65000 : 3000)));
                byte[] packet = Datagrams.whole(protocol, client, server, 8 * random.nextInt(3), l4);
                List<byte[]> fragments = new ArrayList<>(Datagrams.fragments(packet, n + 1, cuts(random, l4.length)));
                if (fragments.size() == 1) {
                    continue;
                }
                Collections.shuffle(fragments, random);

                byte[] expected = whole.send(packet);
                List<byte[]> out = play(cut, fragments);
                String context = n + ": protocol " + protocol + " " + client + ", " + fragments.size() + " fragments";
                assertNotNull(expected, context);
                assertEquals(
                        fragments.stream().map(Datagrams::place).sorted().toList(),
                        out.stream().map(Datagrams::place).sorted().toList(),
                        context);
                assertArrayEquals(expected, Datagrams.reassembled(out, WHOLE_ID), context);
            }
            assertEquals(0, cut.packets(Reason.FRAGMENT_HELD));
            assertEquals(free, cut.pool.available(), "no buffer is lost");
        }
    }

    @Test
    void shouldRevertTheFragmentsOfAReply() {
        try (Node node = node()) {
            byte[] request = udp(100);
            node.send(request);
            byte[] l4 = Datagrams.transport(Datagrams.UDP, "10.1.0.1", 8080, POD, 4000, payload(new Random(3), 3000));
            List<byte[]> out = play(
                    node, Datagrams.fragments(Datagrams.whole(Datagrams.UDP, "10.1.0.1", POD, 0, l4), 9, 1480, 2960));

            byte[] expected = Datagrams.whole(
                    Datagrams.UDP,
                    VIP,
                    POD,
                    0,
                    Datagrams.transport(Datagrams.UDP, VIP, 80, POD, 4000, payload(new Random(3), 3000)));
            assertArrayEquals(withMacs(expected), Datagrams.reassembled(out, WHOLE_ID));
            assertCounters(node, Reason.SERVICE, 1, Reason.SERVICE_REPLY, 3);
        }
    }

    private static byte[] withMacs(byte[] frame) {
        byte[] copy = frame.clone();
        System.arraycopy(frame, 6, copy, 0, 6);
        System.arraycopy(frame, 0, copy, 6, 6);
        return copy;
    }

    @Test
    void shouldTrackAPacketInFragmentsOnce() {
        try (Node node = node()) {
            byte[] packet = udp(2992);
            play(node, Datagrams.fragments(packet, 7, 1000, 2000));

            assertEquals(1, node.conntrack.worker(0).created());
            long entry = Conntrack.entry(node.burst.handle(0));
            assertEquals(1, Entry.packets(entry, 0));
            assertEquals(packet.length, Entry.bytes(entry, 0));
            assertCounters(node, Reason.SERVICE, 3);
        }
    }

    @Test
    void shouldKeepAnAbsentUdpChecksumAbsent() {
        try (Node node = node()) {
            byte[] packet = udp(1000);
            packet[14 + 20 + 6] = 0;
            packet[14 + 20 + 7] = 0;
            byte[] out = Datagrams.reassembled(play(node, Datagrams.fragments(packet, 7, 800)), WHOLE_ID);

            assertEquals(0, out[14 + 20 + 6] | out[14 + 20 + 7]);
        }
    }

    @Test
    void shouldTakeAnAtomicFragmentForAWholePacket() {
        try (Node node = node()) {
            byte[] packet = udp6(100);
            byte[] header = Arrays.copyOfRange(packet, 54, packet.length);
            byte[] out = node.send(Datagrams.fragment(packet, 0x1234, 0, false, header));

            assertEquals(Datagrams.place(Datagrams.fragment(packet, 0x1234, 0, false, header)), Datagrams.place(out));
            assertArrayEquals(translated(packet), Datagrams.reassembled(List.of(out), 0));
            assertCounters(node, Reason.SERVICE, 1);
        }
    }

    @Test
    void shouldSendMoreFragmentsThanABurstHas() {
        try (Node node = node()) {
            List<byte[]> a = Datagrams.fragments(udp(2392), 1, cutsEvery(40, 2400));
            List<byte[]> b = Datagrams.fragments(udp(2384), 2, cutsEvery(40, 2392));
            play(node, a.subList(0, 59));
            play(node, b.subList(1, 60));
            assertCounters(node, Reason.FRAGMENT_HELD, 118);
            node.load(a.getLast());
            node.load(b.getFirst());
            node.run();

            assertEquals(120, node.sent.size());
            assertCounters(node, Reason.SERVICE, 120);
        }
    }

    @Test
    void shouldDropTheWholePacketWhereBuffersLack() {
        try (Node node = node()) {
            List<byte[]> fragments = Datagrams.fragments(udp(2392), 1, cutsEvery(40, 2400));
            play(node, fragments.subList(0, 59));
            List<Integer> taken = new ArrayList<>();
            while (node.pool.available() > 60) {
                taken.add(node.pool.take());
            }
            node.load(fragments.getLast()); // and one for the packet as a whole: 58 are left for 59
            node.run();
            taken.forEach(node.pool::give);

            assertTrue(node.sent.isEmpty());
            assertCounters(node, Reason.BUFFERS_EXHAUSTED, 60);
        }
    }

    @Test
    void shouldCountTheFragmentsOfAPacketThatFoundTheQueueFull() {
        try (Node node = node()) {
            List<byte[]> fragments = Datagrams.fragments(udp(2992), 7, 1000, 2000);
            play(node, fragments.subList(1, 3));
            while (node.port.room() > 0) {
                node.port.enqueue(0, 0, 64, Reason.NONE); // never flushed
            }
            node.load(fragments.getFirst());
            int free = node.pool.available();
            node.pipeline.process(node.burst, node.nowNs);

            assertCounters(node, Reason.EGRESS_FULL, 3);
            assertEquals(free + 1, node.pool.available(), "all buffers are back");
        }
    }

    private static int[] cutsEvery(int step, int payload) {
        return IntStream.iterate(step, cut -> cut < payload, cut -> cut + step).toArray();
    }

    private static byte[] piece(byte[] packet, int id, int from, int to, boolean more) {
        int header = 14 + (packet[14] >>> 4 == 4 ? 20 : 40);
        return Datagrams.fragment(packet, id, from, more, Arrays.copyOfRange(packet, header + from, header + to));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldIgnoreDuplicatesAndSendThePacketOn(boolean ipv4) {
        try (Node node = node()) {
            byte[] packet = ipv4 ? udp(2992) : udp6(2992);
            byte[] first = piece(packet, 7, 0, 1000, true);
            byte[] second = piece(packet, 7, 1000, 2000, true);
            byte[] within = piece(packet, 7, 504, 1504, true);
            byte[] last = piece(packet, 7, 2000, 3000, false);
            List<byte[]> out = play(node, List.of(first, first, last, last, second));
            assertEquals(3, out.size());
            assertCounters(node, Reason.FRAGMENT_DUPLICATE, 2, Reason.SERVICE, 3);

            assertEquals(3, play(node, List.of(first, second, within, last)).size());
            assertCounters(node, Reason.FRAGMENT_DUPLICATE, 3, Reason.SERVICE, 6);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldDiscardThePacketThatHasAnOverlap(boolean ipv4) {
        byte[] packet = ipv4 ? udp(2992) : udp6(2992);
        byte[] first = piece(packet, 7, 0, 1000, true);
        byte[] last = piece(packet, 7, 2000, 3000, false);
        byte[][] conflicts = {
            piece(packet, 7, 992, 2000, true), // into the one before
            piece(packet, 7, 1000, 2008, true), // into the one after
            piece(packet, 7, 8, 2992, true), // over all
            piece(packet, 7, 2000, 2992, false), // another end
            piece(packet, 7, 1000, 1992, false), // an end before the end
            Datagrams.fragment(packet, 7, 3000, true, new byte[8]) // beyond the end
        };
        for (byte[] conflict : conflicts) {
            try (Node node = node()) {
                assertTrue(play(node, List.of(first, last, conflict)).isEmpty());
                assertCounters(node, Reason.FRAGMENT_CONFLICT, 3);
                assertTrue(
                        play(node, List.of(piece(packet, 7, 1000, 2000, true))).isEmpty(), "what was held is gone");
                assertCounters(node, Reason.FRAGMENT_CONFLICT, 3, Reason.FRAGMENT_HELD, 1);
            }
        }
    }

    @Test
    void shouldRefuseFragmentsThatBelongNowhere() {
        try (Node node = node()) {
            byte[] packet = udp(2992);
            byte[] packet6 = udp6(2992);
            play(node, List.of(piece(packet, 7, 0, 1004, true), piece(packet6, 7, 0, 1004, true)));
            play(node, List.of(piece(packet, 7, 8, 8, true), piece(packet6, 7, 8, 8, false)));
            play(node, List.of(Datagrams.fragment(packet, 7, 65512, false, new byte[100])));
            play(node, List.of(Datagrams.fragment(packet6, 7, 65528, false, new byte[16])));
            assertCounters(node, Reason.FRAGMENT_INVALID, 6);
        }
    }

    @Test
    void shouldRefuseAPacketThatIsTooLongWithItsOwnOptions() {
        try (Node node = node()) {
            byte[] l4 = Datagrams.transport(Datagrams.UDP, POD, 4000, VIP, 80, new byte[1000]);
            byte[] plain = Datagrams.whole(Datagrams.UDP, POD, VIP, 0, l4);
            byte[] options = Datagrams.whole(Datagrams.UDP, POD, VIP, 40, l4);
            List<byte[]> fragments = new ArrayList<>();
            fragments.add(Datagrams.fragment(options, 7, 0, true, Arrays.copyOf(l4, 32760)));
            fragments.add(Datagrams.fragment(plain, 7, 32760, true, new byte[32000]));
            fragments.add(Datagrams.fragment(plain, 7, 64760, false, new byte[755]));

            assertTrue(play(node, fragments).isEmpty());
            assertCounters(node, Reason.FRAGMENT_INVALID, 3);
        }
    }

    @Test
    void shouldRefuseFirstFragmentsWithoutTheTransportHeader() {
        try (Node node = node()) {
            for (boolean ipv4 : new boolean[] {true, false}) {
                String client = ipv4 ? POD : "fd01::9";
                String vip = ipv4 ? VIP : "fd96::10";
                byte[] l4 = Datagrams.transport(Datagrams.TCP, client, 4000, vip, 80, new byte[1000]);
                byte[] tcp = Datagrams.whole(Datagrams.TCP, client, vip, 0, l4);
                play(node, List.of(piece(tcp, 7, 0, 16, true)));
                tcp[14 + (ipv4 ? 20 : 40) + 12] = (byte) 0xF0; // 60 bytes of header
                play(node, List.of(piece(tcp, 7, 0, 56, true)));
                byte[] sctp = Datagrams.whole(Datagrams.SCTP, client, vip, 0, l4);
                play(node, List.of(piece(sctp, 7, 0, 8, true)));
            }
            assertCounters(node, Reason.FRAGMENT_TINY, 6);
        }
    }

    @Test
    void shouldRefuseAnExtensionHeaderChainThatIsCutOrFragmentedTwice() {
        try (Node node = node()) {
            byte[] l4 = Datagrams.transport(Datagrams.UDP, "fd01::9", 4000, "fd96::10", 80, new byte[1000]);
            byte[] routing =
                    Datagrams.whole(43, "fd01::9", "fd96::10", 0, concat(new byte[] {17, 3, 0, 0}, new byte[28], l4));
            play(node, List.of(piece(routing, 7, 0, 24, true)));
            byte[] inner = concat(new byte[] {17, 0, 0, 1, 0, 0, 0, 9}, l4);
            play(node, List.of(piece(Datagrams.whole(44, "fd01::9", "fd96::10", 0, inner), 7, 0, 1008, true)));
            assertCounters(node, Reason.IPV6_EXTENSION_INVALID, 2);

            // A routing header behind the fragment header is part of the packet.
            List<byte[]> out = play(node, Datagrams.fragments(routing, 8, 48, 800));
            assertEquals(3, out.size());
            assertArrayEquals(translated(routing), Datagrams.reassembled(out, 0));
        }
    }

    private static byte[] concat(byte[]... parts) {
        java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    @Test
    void shouldGiveUpAPacketOfTooManyFragments() {
        try (Node node = node()) {
            List<byte[]> fragments = Datagrams.fragments(udp(1592), 7, cutsEvery(8, 1600));
            assertTrue(play(node, fragments.subList(0, 129)).isEmpty());
            assertCounters(node, Reason.FRAGMENT_TOO_MANY, 129);
            assertEquals(
                    128,
                    play(node, Datagrams.fragments(udp(1016), 8, cutsEvery(8, 1024)))
                            .size());
        }
    }

    @Test
    void shouldGiveUpWhatIsIncompleteForTooLong() {
        try (Node node = node()) {
            List<byte[]> ipv4 = Datagrams.fragments(udp(2992), 7, 1000, 2000);
            List<byte[]> ipv6 = Datagrams.fragments(udp6(2992), 7, 1000, 2000);
            play(node, List.of(ipv4.get(0), ipv6.get(0)));
            node.nowNs += 20_000_000_000L;
            play(node, List.of(ipv4.get(1), ipv6.get(1))); // does not put the end off
            node.nowNs += 10_000_000_001L;
            node.run();
            assertCounters(node, Reason.FRAGMENT_TIMED_OUT, 2, Reason.FRAGMENT_HELD, 2);
            node.nowNs += 30_000_000_001L;
            play(node, List.of(ipv6.get(2))); // too late, and the first of another packet
            assertCounters(node, Reason.FRAGMENT_TIMED_OUT, 4, Reason.FRAGMENT_HELD, 1);
        }
    }

    @Test
    void shouldSweepABoundedNumberOfPacketsAtOnce() {
        try (Node node = node()) {
            for (int id = 0; id < 40; id++) {
                play(node, List.of(piece(udp(2992), id, 0, 1000, true)));
            }
            node.nowNs += 31_000_000_000L;
            node.run();
            assertCounters(node, Reason.FRAGMENT_TIMED_OUT, 16, Reason.FRAGMENT_HELD, 24);
            node.run();
            node.run();
            assertCounters(node, Reason.FRAGMENT_TIMED_OUT, 40);
        }
    }

    @Test
    void shouldGiveUpTheOldestPacketWhereTheTableIsFull() {
        try (Node node = new Node(Datagrams.services(), 4, 1 << 20)) {
            for (int id = 0; id < 6; id++) {
                play(node, List.of(piece(udp(2992), id, 0, 1000, true)));
            }
            assertCounters(node, Reason.FRAGMENT_EVICTED, 2, Reason.FRAGMENT_HELD, 4);
            assertEquals(
                    2,
                    play(node, List.of(piece(udp(2992), 5, 1000, 3000, false))).size(),
                    "the youngest is there");
            assertTrue(
                    play(node, List.of(piece(udp(2992), 0, 1000, 3000, false))).isEmpty());
        }
    }

    @Test
    void shouldGiveUpTheOldestPacketsWhereMemoryIsShort() {
        try (Node node = new Node(Datagrams.services(), 100, 8 * 512)) {
            byte[] packet = udp(3992);
            play(node, List.of(piece(udp6(2992), 1, 0, 1000, true), piece(packet, 2, 0, 1000, true)));
            play(node, List.of(piece(packet, 3, 1000, 2000, true))); // three blocks each
            assertCounters(node, Reason.FRAGMENT_EVICTED, 1, Reason.FRAGMENT_HELD, 2);
            play(node, List.of(piece(packet, 2, 1000, 2000, true)));
            assertCounters(node, Reason.FRAGMENT_EVICTED, 3, Reason.FRAGMENT_HELD, 1);
            play(node, List.of(piece(packet, 4, 0, 4000, true)));
            assertCounters(node, Reason.FRAGMENT_EVICTED, 4, Reason.FRAGMENT_HELD, 1);
        }
        try (Node node = new Node(Datagrams.services(), 100, 2 * 512)) {
            play(node, List.of(piece(udp(2992), 4, 0, 2000, true)));
            assertCounters(node, Reason.FRAGMENT_EVICTED, 1);
        }
    }

    @Test
    void shouldRejectAPacketInFragmentsAndQuoteItsFirst() {
        try (Node node = node()) {
            byte[] l4 = Datagrams.transport(Datagrams.UDP, POD, 4000, VIP, 81, new byte[992]);
            List<byte[]> fragments = Datagrams.fragments(Datagrams.whole(Datagrams.UDP, POD, VIP, 0, l4), 7, 400);
            List<byte[]> out = play(node, List.of(fragments.get(1), fragments.get(0)));

            assertEquals(1, out.size());
            assertTrue(Packets.checksumsValid(out.getFirst()));
            assertArrayEquals(
                    Arrays.copyOfRange(fragments.getFirst(), 14, fragments.getFirst().length),
                    Arrays.copyOfRange(out.getFirst(), 42, out.getFirst().length));
            assertCounters(node, Reason.SERVICE_PORT_UNKNOWN, 2);
        }
    }

    @Test
    void shouldTranslateAnIcmpErrorThatCameInFragments() {
        try (Node whole = node();
                Node cut = node()) {
            byte[] request = udp(600);
            byte[] translated = whole.send(request);
            cut.send(request);
            byte[] error = Packets.unreachable("10.1.0.1", POD, withMacs(translated));
            error[20] = 0; // without DF
            List<byte[]> fragments = Datagrams.fragments(Datagrams.reassembled(List.of(error), WHOLE_ID), 7, 16, 400);

            List<byte[]> out = play(cut, fragments);
            assertEquals(3, out.size());
            assertArrayEquals(
                    whole.send(Datagrams.reassembled(List.of(error), WHOLE_ID)), Datagrams.reassembled(out, WHOLE_ID));
            assertCounters(cut, Reason.SERVICE, 1, Reason.ICMP_ERROR_TRANSLATED, 3);
        }
    }

    @Test
    void shouldSettleEveryFragmentOfAStormOnce() {
        Random random = new Random(5);
        try (Node node = new Node(Datagrams.services(), 32, 64 * 512)) {
            int free = node.pool.available();
            int frames = 60_000;
            byte[] packet = udp(1400);
            byte[] packet6 = udp6(1400);
            for (int n = 0; n < frames; n++) {
                boolean ipv4 = random.nextBoolean();
                int units = random.nextInt(1, 60);
                byte[] part = new byte[random.nextInt(10) == 0 ? random.nextInt(1, 480) : units * 8];
                node.load(Datagrams.fragment(
                        ipv4 ? packet : packet6,
                        random.nextInt(40),
                        random.nextInt(30) * 64,
                        random.nextInt(4) > 0,
                        part));
                if (node.burst.count == 48) {
                    node.run();
                    node.sent.clear();
                    node.nowNs += random.nextLong(2_000_000_000L);
                }
            }
            node.run();
            assertEquals(frames, node.packets(), "each counts once, the held ones as held");
            node.nowNs += 61_000_000_000L;
            for (int n = 0; n < 10; n++) {
                node.run();
            }
            assertEquals(0, node.packets(Reason.FRAGMENT_HELD));
            assertEquals(frames, node.packets());
            assertEquals(free, node.pool.available(), "no buffer is lost");
        }
    }

    @Test
    void shouldNotAllocateForFragmentsOnceWarm() {
        try (Node node = node()) {
            node.keepsSent = false;
            List<byte[]> fragments = new ArrayList<>();
            for (int id = 0; id < 8; id++) {
                fragments.addAll(Datagrams.fragments(udp(2992), id, 1000, 2000));
            }
            Collections.shuffle(fragments, new Random(1));
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            byte[][] frames = fragments.toArray(byte[][]::new);
            forward(node, frames, 4000);
            long id = Thread.currentThread().threadId();
            threads.getThreadAllocatedBytes(id);
            long before = threads.getThreadAllocatedBytes(id);
            forward(node, frames, 4000);
            long bytes = threads.getThreadAllocatedBytes(id) - before;

            assertEquals(24 * 8000, node.packets(Reason.SERVICE));
            assertTrue(bytes < 960, bytes + " bytes for 96,000 fragments");
        }
    }

    private static void forward(Node node, byte[][] frames, int bursts) {
        for (int n = 0; n < bursts; n++) {
            for (byte[] frame : frames) {
                node.load(frame);
            }
            node.run();
        }
    }
}

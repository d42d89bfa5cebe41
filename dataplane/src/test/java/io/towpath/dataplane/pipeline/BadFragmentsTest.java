package io.towpath.dataplane.pipeline;

import static io.towpath.dataplane.pipeline.FragmentTraffic.POD;
import static io.towpath.dataplane.pipeline.FragmentTraffic.VIP;
import static io.towpath.dataplane.pipeline.FragmentTraffic.assertCounters;
import static io.towpath.dataplane.pipeline.FragmentTraffic.cutsEvery;
import static io.towpath.dataplane.pipeline.FragmentTraffic.node;
import static io.towpath.dataplane.pipeline.FragmentTraffic.piece;
import static io.towpath.dataplane.pipeline.FragmentTraffic.play;
import static io.towpath.dataplane.pipeline.FragmentTraffic.translated;
import static io.towpath.dataplane.pipeline.FragmentTraffic.udp;
import static io.towpath.dataplane.pipeline.FragmentTraffic.udp6;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.packet.Reason;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fragments that make no packet, or not in time, are dropped, counted; duplicates do no harm. */
final class BadFragmentsTest {
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
        ByteArrayOutputStream all = new ByteArrayOutputStream();
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
}

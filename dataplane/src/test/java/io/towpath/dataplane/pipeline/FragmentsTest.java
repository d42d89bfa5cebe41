package io.towpath.dataplane.pipeline;

import static io.towpath.dataplane.pipeline.FragmentTraffic.POD;
import static io.towpath.dataplane.pipeline.FragmentTraffic.VIP;
import static io.towpath.dataplane.pipeline.FragmentTraffic.WHOLE_ID;
import static io.towpath.dataplane.pipeline.FragmentTraffic.assertCounters;
import static io.towpath.dataplane.pipeline.FragmentTraffic.cutsEvery;
import static io.towpath.dataplane.pipeline.FragmentTraffic.node;
import static io.towpath.dataplane.pipeline.FragmentTraffic.payload;
import static io.towpath.dataplane.pipeline.FragmentTraffic.play;
import static io.towpath.dataplane.pipeline.FragmentTraffic.translated;
import static io.towpath.dataplane.pipeline.FragmentTraffic.udp;
import static io.towpath.dataplane.pipeline.FragmentTraffic.udp6;
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
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a packet in fragments becomes is what the whole packet becomes, whatever the order. */
final class FragmentsTest {
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

package io.towpath.dataplane.port;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.towpath.dataplane.pipeline.Packets;
import io.towpath.dataplane.port.Datagram.Shape;
import io.towpath.dataplane.port.Datagram.Sum;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a port sends for queued datagrams is, once it is cut again, what would have been sent without merging. */
final class UdpMergerTest {
    private static final int BUFFERS = 200;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final FramePool pool = new FramePool(BUFFERS);
    private final List<byte[]> written = new ArrayList<>();
    private final Map<Reason, Integer> packets = new EnumMap<>(Reason.class);
    private Reason failure;
    private boolean isKept = true;
    private long bytes;
    private final Port port = new ImmediatePort(0, "test") {
        @Override
        public int receive(FramePool from, Burst burst, int limit) {
            return 0;
        }

        @Override
        protected Reason transmit(long l2, int length) {
            if (isKept) {
                long start = l2 - Datagram.VNET;
                written.add(pool.frames().asSlice(start, length + Datagram.VNET).toArray(ValueLayout.JAVA_BYTE));
            }
            return failure;
        }
    };

    UdpMergerTest() {
        port.mergeUdp(new UdpMerger(pool));
    }

    @AfterEach
    void close() {
        assertEquals(BUFFERS, pool.available(), "buffers come back");
        pool.close();
    }

    private void done(int buffer, int count, int length, Reason reason) {
        pool.give(buffer);
        packets.merge(reason, count, Integer::sum);
        bytes += length;
    }

    private void queue(byte[] frame, Reason reason) {
        int buffer = pool.take();
        long l2 = FramePool.l2(buffer);
        MemorySegment.copy(frame, 0, pool.frames(), ValueLayout.JAVA_BYTE, l2 - Datagram.VNET, frame.length);
        assertTrue(port.enqueue(buffer, l2, frame.length - Datagram.VNET, reason));
    }

    /** Returns how many packets each of the sent frames stands for. */
    private List<Integer> send(List<Datagram> datagrams) {
        return sendFrames(datagrams.stream().map(Datagram::bytes).toList());
    }

    private List<Integer> sendFrames(List<byte[]> frames) {
        written.clear();
        packets.clear();
        bytes = 0;
        frames.forEach(frame -> queue(frame, Reason.SERVICE));
        port.flush(this::done);
        assertEquals(Map.of(Reason.SERVICE, frames.size()), packets, "each packet counts once");
        assertEquals(
                frames.stream().mapToLong(frame -> frame.length - Datagram.VNET).sum(), bytes);
        return written.stream().map(frame -> Segments.of(frame).size()).toList();
    }

    private static List<Datagram> repeat(int count, Datagram datagram) {
        return IntStream.range(0, count).mapToObj(datagram::filled).toList();
    }

    @Test
    void shouldSendABurstOfOneFlowAsOneSuperFrame() {
        assertEquals(List.of(64), send(repeat(64, Datagram.ipv4(64))));
        assertEquals(List.of(64), send(repeat(64, Datagram.ipv6(64))));
        assertEquals(List.of(64, 36), send(repeat(100, Datagram.ipv4(1))));
    }

    @Test
    void shouldEndASuperFrameWithAShorterDatagramAndBeginOneWithALonger() {
        assertEquals(
                List.of(3, 1),
                send(List.of(
                        Datagram.ipv4(64),
                        Datagram.ipv4(64),
                        Datagram.ipv4(10),
                        Datagram.ipv4(10).filled(3))));
        assertEquals(List.of(1, 2), send(List.of(Datagram.ipv4(10), Datagram.ipv4(64), Datagram.ipv4(64))));
        assertEquals(List.of(1, 1, 1), send(List.of(Datagram.ipv4(64), Datagram.ipv4(0), Datagram.ipv4(64))));
    }

    @Test
    void shouldNotExceedTheLargestPacket() {
        assertEquals(List.of(44, 6), send(repeat(50, Datagram.ipv4(1_472))));
        assertEquals(List.of(45, 5), send(repeat(50, Datagram.ipv6(1_452))));
        assertEquals(List.of(1, 1), send(repeat(2, Datagram.ipv4(65_507))));
        assertEquals(List.of(2), send(List.of(Datagram.ipv4(60_000), Datagram.ipv4(5_507))), "65,535 bytes");
        assertEquals(List.of(1, 1), send(List.of(Datagram.ipv4(60_000), Datagram.ipv4(5_508))));
    }

    @Test
    void shouldJoinDatagramsBetweenWhichOtherFlowsLie() {
        List<Datagram> mixed = IntStream.range(0, 60)
                .mapToObj(i -> Datagram.ipv4(32).ofFlow(i % 6).filled(i))
                .toList();
        assertEquals(List.of(10, 10, 10, 10, 10, 10), send(mixed));
        List<Datagram> many = IntStream.range(0, 60)
                .mapToObj(i -> Datagram.ipv4(32).ofFlow(i % 30).filled(i))
                .toList();
        assertEquals(60, send(many).size(), "more flows than are looked out for");
    }

    @Test
    void shouldKeepDifferentHeadersApart() {
        Datagram first = Datagram.ipv4(64);
        for (Datagram other : List.of(
                first.withHops(63),
                first.withService(3),
                first.fromMac(8),
                first.ofFlow(2),
                first.identified(false, 1),
                first.with(Sum.NONE),
                first.with(Sum.WRONG),
                first.with(Shape.OPTIONS),
                first.with(Shape.FRAGMENT),
                first.with(Shape.TAIL))) {
            assertEquals(List.of(1, 1), send(List.of(first, other)), other.toString());
            assertEquals(List.of(1, 1), send(List.of(other, first)), other.toString());
        }
        Datagram ipv6 = Datagram.ipv6(64);
        for (Datagram other :
                List.of(ipv6.withHops(63), ipv6.withService(3), ipv6.ofFlow(2), ipv6.with(Shape.OPTIONS), first)) {
            assertEquals(List.of(1, 1), send(List.of(ipv6, other)), other.toString());
            assertEquals(List.of(1, 1), send(List.of(other, ipv6)), other.toString());
        }
    }

    @Test
    void shouldJoinWhateverIsKnownOfRightChecksums() {
        for (Sum one : List.of(Sum.PARTIAL, Sum.COMPLETE, Sum.VERIFIED)) {
            for (Sum other : List.of(Sum.PARTIAL, Sum.COMPLETE, Sum.VERIFIED)) {
                assertEquals(
                        List.of(2),
                        send(List.of(
                                Datagram.ipv4(33).with(one), Datagram.ipv4(33).with(other))));
            }
        }
    }

    @Test
    void shouldNotMendAWrongChecksum() {
        Datagram wrong = Datagram.ipv6(64).with(Sum.WRONG);

        send(List.of(wrong, wrong, wrong));

        assertEquals(3, written.size());
        written.forEach(frame -> assertArrayEquals(wrong.bytes(), frame));
    }

    @Test
    void shouldKeepIdentificationsOfDatagramsThatMayBeCut() {
        Datagram first = Datagram.ipv4(64);

        assertEquals(List.of(3), send(identified(false, 0xFFFE, 0xFFFF, 0)), "as cutting counts");
        assertEquals(List.of(2, 2), send(identified(false, 5, 6, 8, 9)));
        assertEquals(List.of(1, 1), send(identified(false, 5, 5)));
        assertEquals(List.of(1, 1), send(identified(false, 6, 5)));
        assertEquals(List.of(4), send(identified(true, 0, 0, 0, 0)), "with DF it means nothing");
        assertEquals(List.of(3), send(identified(true, 9, 1, 7)));
        assertEquals(List.of(1, 1), send(List.of(first.identified(true, 1), first.identified(false, 2))));
    }

    private static List<Datagram> identified(boolean dontFragment, int... numbers) {
        return Arrays.stream(numbers)
                .mapToObj(number -> Datagram.ipv4(64).identified(dontFragment, number))
                .toList();
    }

    @Test
    void shouldNotJoinWhatCountsDifferentlyNorSuperFrames() {
        queue(Datagram.ipv4(64).bytes(), Reason.SERVICE);
        queue(Datagram.ipv4(64).bytes(), Reason.ROUTED);
        port.flush(this::done);
        assertEquals(2, written.size());
        assertEquals(Map.of(Reason.SERVICE, 1, Reason.ROUTED, 1), packets);

        send(repeat(3, Datagram.ipv4(64)));
        byte[] superFrame = written.getFirst();
        assertEquals(List.of(3, 3), sendFrames(List.of(superFrame, superFrame)));
    }

    @Test
    void shouldCountAllDatagramsOfASuperFrameThatIsRefused() {
        failure = Reason.EGRESS_FULL;
        for (int i = 0; i < 20; i++) {
            queue(Datagram.ipv4(64).bytes(), Reason.SERVICE);
        }
        port.flush(this::done);

        assertEquals(1, written.size());
        assertEquals(Map.of(Reason.EGRESS_FULL, 20), packets);
        assertEquals(20, port.drops().fullOpaque());
        assertEquals(20 * (64 + 42), bytes);
    }

    /** Bursts in which all that may differ does so now and then. */
    @Test
    void shouldSendWhatWouldHaveBeenSentWithoutMerging() {
        int sent = 0;
        int of = 0;
        for (int seed = 0; seed < 1_000; seed++) {
            Random random = new Random(seed);
            List<byte[]> frames = burst(random);
            sendFrames(frames);
            List<byte[]> expected = frames.stream()
                    .flatMap(frame -> Segments.of(frame).stream())
                    .toList();
            List<byte[]> actual = written.stream()
                    .flatMap(frame -> Segments.of(frame).stream())
                    .toList();
            assertEquals(expected.size(), actual.size(), "seed " + seed);
            for (int flow = -1; flow < 6; flow++) {
                assertSame(ofFlow(expected, flow), ofFlow(actual, flow), "seed " + seed + " flow " + flow);
            }
            sent += written.size();
            of += frames.size();
        }
        assertTrue(sent < of * 2 / 3, sent + " of " + of + " frames");
    }

    private static List<byte[]> burst(Random random) {
        List<byte[]> frames = new ArrayList<>();
        int flows = 1 + random.nextInt(6);
        Datagram[] last = new Datagram[flows];
        int rarity = 2 + random.nextInt(60);
        int count = 2 + random.nextInt(150);
        for (int i = 0; i < count; i++) {
            if (random.nextInt(20) == 0) {
                frames.add(tcp());
                continue;
            }
            int flow = random.nextInt(flows);
            last[flow] = last[flow] == null ? first(random, flow) : next(random, last[flow], rarity);
            frames.add(last[flow].bytes());
        }
        return frames;
    }

    private static byte[] tcp() {
        byte[] frame = Packets.tcp("10.0.0.1", 40_000, "10.0.1.0", 80, 16, 1, 1);
        return ByteBuffer.allocate(Datagram.VNET + frame.length)
                .position(Datagram.VNET)
                .put(frame)
                .array();
    }

    private static Datagram first(Random random, int flow) {
        Datagram first = random.nextBoolean() ? Datagram.ipv4(1 + random.nextInt(200)) : Datagram.ipv6(64);
        return first.ofFlow(flow)
                .identified(random.nextBoolean(), random.nextInt(65_536))
                .with(Sum.values()[random.nextInt(4)]);
    }

    private static Datagram next(Random random, Datagram last, int rarity) {
        int change = random.nextInt(rarity);
        Datagram next = last.filled(random.nextInt(256))
                .identified(last.dontFragment(), last.identification() + 1 & 0xFFFF)
                .with(Shape.PLAIN);
        return switch (change) {
            case 0 -> next.withHops(1 + random.nextInt(255));
            case 1 -> next.withService(random.nextInt(256));
            case 2 -> next.identified(random.nextBoolean(), random.nextInt(65_536));
            case 3 -> next.with(Sum.values()[random.nextInt(5)]);
            case 4 -> next.with(Shape.values()[random.nextInt(5)]);
            case 5 -> next.fromMac(random.nextInt(3));
            case 6, 7 ->
                new Datagram(
                        last.ipv4(),
                        last.flow(),
                        last.sourceMac(),
                        last.hops(),
                        last.service(),
                        last.dontFragment(),
                        last.identification() + 1 & 0xFFFF,
                        random.nextInt(200),
                        7,
                        last.sum(),
                        Shape.PLAIN);
            default -> next;
        };
    }

    /** Returns the frames of a flow by their destination port, -1 for those that are not UDP. */
    private static List<byte[]> ofFlow(List<byte[]> frames, int flow) {
        return frames.stream().filter(frame -> flow(frame) == flow).toList();
    }

    private static int flow(byte[] frame) {
        boolean ipv4 = frame[14] >>> 4 == 4;
        int next = ipv4 ? frame[23] : frame[20];
        if (next == 6) {
            return -1;
        }
        int header = ipv4 ? (frame[14] & 15) * 4 : next == 17 ? 40 : 48;
        return ByteBuffer.wrap(frame).getShort(14 + header + 2) - 1_000;
    }

    /** As {@code assertArrayEquals}, but that identifications mean nothing where DF is set, and padding is no part of a packet. */
    private static void assertSame(List<byte[]> expected, List<byte[]> actual, String what) {
        assertEquals(expected.size(), actual.size(), what);
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(meaning(expected.get(i)), meaning(actual.get(i)), what + " datagram " + i);
        }
    }

    private static byte[] meaning(byte[] frame) {
        ByteBuffer data = ByteBuffer.wrap(frame.clone());
        if (frame[14] >>> 4 != 4) {
            return Arrays.copyOf(frame, 54 + data.getShort(18));
        }
        if ((frame[20] & 0x40) != 0) {
            data.putShort(18, (short) 0).putShort(24, (short) 0);
        }
        return Arrays.copyOf(data.array(), 14 + data.getShort(16));
    }

    @Test
    void shouldNotAllocatePerPacketOnceWarm() {
        List<byte[]> frames = Stream.of(
                        repeat(30, Datagram.ipv4(64)),
                        repeat(30, Datagram.ipv6(40).with(Sum.COMPLETE)))
                .flatMap(List::stream)
                .map(Datagram::bytes)
                .toList();
        isKept = false;
        byte[][] burst = frames.toArray(byte[][]::new);
        Port.Outcome outcome = (buffer, _, _, _) -> pool.give(buffer);
        for (int i = 0; i < 2_000; i++) {
            forward(burst, outcome);
        }
        THREADS.getCurrentThreadAllocatedBytes(); // its own first call allocates
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 5_000; i++) {
            forward(burst, outcome);
        }
        assertEquals(0, THREADS.getCurrentThreadAllocatedBytes() - before);
    }

    private void forward(byte[][] burst, Port.Outcome outcome) {
        for (byte[] frame : burst) {
            queue(frame, Reason.SERVICE);
        }
        port.flush(outcome);
    }
}

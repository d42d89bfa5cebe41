package io.towpath.bench;

import io.towpath.dataplane.port.FramePool;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.packet.Burst;
import io.towpath.wire.Bytes;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * What a flood of fragments that never make a packet costs whole packets: bursts of 64 whole packets of established UDP flows to a ClusterIP,
 * each burst timed, after nothing else, after a burst of the flood, and after a burst of whole packets as large as the flood's. The last tells
 * what any traffic of that size costs. The kinds alternate in rounds, so that a busy machine hits all alike.
 *
 * <p>{@code java -cp ... io.towpath.bench.FragmentFlood [FLOWS] [BYTES OF A FRAGMENT'S FRAME]}
 */
public final class FragmentFlood implements AutoCloseable {
    private static final int ROUNDS = 40;
    private static final int BURSTS = 2_000;
    private static final int WARM_UP_ROUNDS = 10;
    private static final int WHOLE_LENGTH = 64;

    private enum Kind {
        WHOLE,
        LARGE,
        FRAGMENT
    }

    private final MemorySegment received = Arena.global().allocate(FramePool.BUFFER_BYTES);
    private final MemoryEngine engine;
    private final Scatter scatter;
    private final int floodLength;
    private int identification;
    private long nowNs = 1_000_000_000L;

    private FragmentFlood(int flows, int floodLength) {
        this.floodLength = floodLength;
        scatter = new Scatter(flows);
        engine = new MemoryEngine(
                List.of(Rig.service(0, Protocol.UDP, 1, Rig.BACKEND_PORT, Scheduler.RANDOM)), flows + flows / 4 + 1024);
    }

    /** Runs and prints. */
    public static void main(String[] args) {
        int flows = args.length > 0 ? Integer.parseInt(args[0]) : 1024;
        int floodLength = args.length > 1 ? Integer.parseInt(args[1]) : 1514;
        try (FragmentFlood program = new FragmentFlood(flows, floodLength)) {
            program.run(flows);
        }
    }

    private void run(int flows) {
        long[] calm = new long[ROUNDS * BURSTS];
        long[] afterLarge = new long[ROUNDS * BURSTS];
        long[] afterFlood = new long[ROUNDS * BURSTS];
        long[] large = new long[ROUNDS * BURSTS];
        long[] flood = new long[ROUNDS * BURSTS];
        for (int round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
            int from = Math.max(round, 0) * BURSTS;
            for (int at = from; at < from + BURSTS; at++) {
                calm[at] = time(Kind.WHOLE);
            }
            for (int at = from; at < from + BURSTS; at++) {
                large[at] = time(Kind.LARGE);
                afterLarge[at] = time(Kind.WHOLE);
            }
            for (int at = from; at < from + BURSTS; at++) {
                flood[at] = time(Kind.FRAGMENT);
                afterFlood[at] = time(Kind.WHOLE);
            }
        }
        System.out.printf("%,d flows; flood of frames of %,d bytes; ns a packet%n", flows, floodLength);
        print("whole packets, no flood", calm);
        print("whole packets, after each burst of large ones", afterLarge);
        print("whole packets, after each burst of fragments", afterFlood);
        print("large whole packets", large);
        print("fragments", flood);
    }

    private static void print(String what, long[] burstNs) {
        Arrays.sort(burstNs);
        System.out.printf(
                "%-46s p50 %6.1f  p90 %6.1f  p99 %6.1f%n",
                what,
                burstNs[burstNs.length / 2] / (double) Burst.LIMIT,
                burstNs[burstNs.length * 9 / 10] / (double) Burst.LIMIT,
                burstNs[burstNs.length * 99 / 100] / (double) Burst.LIMIT);
    }

    private long time(Kind kind) {
        for (int i = 0; i < Burst.LIMIT; i++) {
            receive(kind);
        }
        nowNs += 1_000;
        long start = System.nanoTime();
        engine.process(nowNs);
        return System.nanoTime() - start;
    }

    /** All bytes of the frame are written, as by a read from a device. */
    private void receive(Kind kind) {
        int length = kind == Kind.WHOLE ? WHOLE_LENGTH : floodLength;
        long l2 = engine.add(length);
        MemorySegment frames = engine.burst().frames;
        MemorySegment.copy(received, 0, frames, l2, length);
        if (kind == Kind.FRAGMENT) {
            int sender = 0x0B00_0000 + (identification >>> 16);
            Frames.write(frames, l2, length, Frames.Kind.V4_UDP, sender, 1024, Rig.vip(0));
            long l3 = l2 + Ethernet.HEADER_LENGTH;
            Bytes.i32(frames, l3 + 4, identification++ << 16 | Ipv4.MORE_FRAGMENTS);
            Ipv4.updateChecksum(frames, l3);
        } else {
            int flow = scatter.next();
            int client = 0x0A00_0000 + (flow >>> 12);
            Frames.write(frames, l2, length, Frames.Kind.V4_UDP, client, 1024 + (flow & 4095), Rig.vip(0));
        }
    }

    @Override
    public void close() {
        engine.close();
    }
}

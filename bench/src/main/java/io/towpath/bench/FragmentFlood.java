package io.towpath.bench;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackConfig;
import io.towpath.dataplane.pipeline.Fragments;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.NodeForwarding;
import io.towpath.dataplane.pipeline.NodeMasquerade;
import io.towpath.dataplane.pipeline.Pipeline;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.CounterMap;
import io.towpath.maps.Quiescence;
import io.towpath.nat.BackendAddress;
import io.towpath.nat.DesiredState;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.Nat;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.PortRange;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.Bytes;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Udp;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

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

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final FramePool pool = new FramePool(4 * Burst.LIMIT);
    private final MemorySegment received = Arena.global().allocate(FramePool.BUFFER_BYTES);
    private final Burst burst = new Burst(pool.frames());
    private final Verdicts verdicts;
    private final Fragments fragments;
    private final Pipeline pipeline;
    private final int flows;
    private final int floodLength;
    private long flow;
    private int identification;
    private long nowNs = 1_000_000_000L;

    private final Port port = new Port(0, "memory") {
        @Override
        public int receive(FramePool from, Burst into, int limit) {
            return 0;
        }

        @Override
        protected Reason transmit(long l2, int length) {
            return null;
        }

        @Override
        public int pollDescriptor() {
            return -1;
        }
    };

    private FragmentFlood(int flows, int floodLength) {
        this.flows = flows;
        this.floodLength = floodLength;
        Quiescence quiescence = new Quiescence(1);
        ServiceMaps maps = new ServiceMaps(store, 1, 1, quiescence);
        ServicePort service = new ServicePort(
                new ServicePortName("ns", "web", "", Protocol.UDP),
                false,
                List.of(new Vip(VipKind.CLUSTER_IP, Address.parse("10.200.0.1"), 80, false, List.of())),
                List.of(new BackendAddress(Address.parse("10.100.1.0"), 8080)),
                List.of(),
                Scheduler.RANDOM,
                Map.of(),
                0,
                List.of());
        DesiredState state = new DesiredState(List.of(service), List.of(), List.of(), new LocalDetector.None(), false);
        new ServiceWriter(maps, System.err::println).apply(state);
        ConntrackConfig config = ConntrackConfig.defaults().withMaxEntries(flows + flows / 4 + 1024);
        Conntrack conntrack = new Conntrack(store, config, 1, ServiceMaps.BACKENDS, 1, quiescence);
        verdicts = new Verdicts(CounterMap.create(store, Verdicts.MAP, 1, Verdicts.CAPACITY), 0, pool);
        fragments = new Fragments(pool, verdicts, 1, 1);
        Nat nat = new Nat(
                conntrack,
                conntrack.worker(0),
                maps,
                new NodeMasquerade(List.of()),
                PortRange.NODE_RESERVED,
                new NodeSettings(state, List.of("eth0")),
                pool.frames(),
                1);
        pipeline = new Pipeline(nat, new NodeForwarding(port, pool, verdicts, new IcmpErrorSender(pool)), fragments);
    }

    /** Runs and prints. */
    public static void main(String[] args) {
        int flows = args.length > 0 ? Integer.parseInt(args[0]) : 1024;
        int floodLength = args.length > 1 ? Integer.parseInt(args[1]) : 1514;
        try (FragmentFlood program = new FragmentFlood(flows, floodLength)) {
            program.run();
        }
    }

    private void run() {
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
        burst.clear();
        for (int i = 0; i < Burst.LIMIT; i++) {
            int buffer = pool.take();
            long l2 = FramePool.l2(buffer);
            burst.add(0, buffer, l2, receive(l2, kind));
        }
        nowNs += 1_000;
        long start = System.nanoTime();
        pipeline.process(burst, nowNs);
        port.flush(verdicts);
        return System.nanoTime() - start;
    }

    private int receive(long l2, Kind kind) {
        if (kind == Kind.FRAGMENT) {
            write(l2, floodLength, 0x0B00_0000 + (identification >>> 16));
            long l3 = l2 + Ethernet.HEADER_LENGTH;
            Bytes.i32(pool.frames(), l3 + 4, identification++ << 16 | 0x2000);
            Ipv4.updateChecksum(pool.frames(), l3);
            return floodLength;
        }
        // A full-period generator modulo a power of two: every flow once a period, in scattered order.
        flow = flow * 0x5851F42D4C957F2DL + 0x14057B7EF767814FL & flows - 1L;
        int length = kind == Kind.LARGE ? floodLength : WHOLE_LENGTH;
        write(l2, length, 0x0A00_0000 + (int) (flow >>> 12));
        long l4 = l2 + Ethernet.HEADER_LENGTH + Ipv4.MIN_HEADER_LENGTH;
        Udp.ports(pool.frames(), l4, 1024 + (int) (flow & 4095), 80);
        Bytes.i32(pool.frames(), l4 + 4, length - Ethernet.HEADER_LENGTH - Ipv4.MIN_HEADER_LENGTH << 16 | 0x1234);
        return length;
    }

    /** All bytes of the frame are written, as by a read from a device. */
    private void write(long l2, int length, int client) {
        MemorySegment frames = pool.frames();
        MemorySegment.copy(received, 0, frames, l2, length);
        VnetHeader.clear(frames, l2);
        Ethernet.addresses(frames, l2, 0x0200_0000_0002L, 0x0200_0000_0001L);
        Ethernet.type(frames, l2, Ethernet.TYPE_IPV4);
        int packetLength = length - Ethernet.HEADER_LENGTH;
        Ipv4.write(frames, l2 + Ethernet.HEADER_LENGTH, packetLength, 64, FiveTuple.UDP, client, 0x0AC8_0001);
    }

    @Override
    public void close() {
        fragments.close();
        pool.close();
        store.close();
    }
}

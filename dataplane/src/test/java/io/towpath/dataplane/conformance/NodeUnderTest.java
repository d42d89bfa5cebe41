package io.towpath.dataplane.conformance;

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
import io.towpath.nat.DesiredState;
import io.towpath.nat.Nat;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.PortRange;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.UdpReconciler;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A node in memory with one port and one worker, on the time of its packets. */
final class NodeUnderTest implements AutoCloseable {
    private static final int MAX_ENTRIES = 1 << 14;
    private static final int BUFFERS = 8;
    /** Entries swept after each packet, as a replay does. */
    private static final int SWEEP_LIMIT = 16;
    /** The same backends are chosen on every playing. */
    private static final long SEED = 7;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Quiescence quiescence = new Quiescence(1);
    private final FramePool pool = new FramePool(BUFFERS);
    private final Burst burst = new Burst(pool.frames());
    private final ServiceMaps maps = new ServiceMaps(store, 1, SEED, quiescence);
    private final ServiceWriter writer = new ServiceWriter(maps, warning -> {
        throw new AssertionError(warning);
    });
    private final Conntrack conntrack = new Conntrack(
            store, ConntrackConfig.defaults().withMaxEntries(MAX_ENTRIES), 1, ServiceMaps.BACKENDS, SEED, quiescence);
    private final UdpReconciler reconciler = new UdpReconciler(conntrack, maps, writer);
    private final Verdicts verdicts =
            new Verdicts(CounterMap.create(store, Verdicts.MAP, 1, Verdicts.CAPACITY), 0, pool);
    private final Fragments fragments = new Fragments(pool, verdicts, 1, SEED);
    private final List<String> interfaces = new ArrayList<>();
    private final List<byte[]> sent = new ArrayList<>();
    private final Port port = new MemoryPort();

    private DesiredState state;
    private Nat nat;
    private Pipeline pipeline;

    /** What became of a packet. */
    record Outcome(Reason reason, List<byte[]> frames) {}

    private final class MemoryPort extends Port {
        MemoryPort() {
            super(0, "towpath0");
        }

        @Override
        public int receive(FramePool from, Burst into, int limit) {
            return 0;
        }

        @Override
        protected Reason transmit(long l2, int length) {
            sent.add(pool.frames().asSlice(l2, length).toArray(ValueLayout.JAVA_BYTE));
            return null;
        }

        @Override
        public int pollDescriptor() {
            return -1;
        }
    }

    /** Takes over a state, as one sync of the control thread does. */
    void sync(DesiredState next) {
        state = next;
        writer.apply(next);
        reconciler.reconcile();
        if (nat == null) {
            nat = new Nat(
                    conntrack,
                    conntrack.worker(0),
                    maps,
                    new NodeMasquerade(next.nodeAddresses()),
                    PortRange.NODE_RESERVED,
                    new NodeSettings(next, interfaces),
                    pool.frames(),
                    SEED);
            pipeline =
                    new Pipeline(nat, new NodeForwarding(port, pool, verdicts, new IcmpErrorSender(pool)), fragments);
        }
        nat.onSettings(new NodeSettings(next, interfaces));
    }

    Outcome play(String ingress, byte[] frame, long nowNs) {
        sent.clear();
        int buffer = pool.take();
        long l2 = FramePool.l2(buffer);
        VnetHeader.clear(pool.frames(), l2);
        MemorySegment.copy(frame, 0, pool.frames(), ValueLayout.JAVA_BYTE, l2, frame.length);
        burst.clear();
        burst.add(number(ingress), buffer, l2, frame.length);
        pipeline.process(burst, nowNs);
        port.flush(verdicts);
        conntrack.sweep(conntrack.worker(0), nowNs, SWEEP_LIMIT);
        return new Outcome(burst.reason[0], List.copyOf(sent));
    }

    private int number(String ingress) {
        if (!interfaces.contains(ingress)) {
            interfaces.add(ingress);
            nat.onSettings(new NodeSettings(state, interfaces));
        }
        return interfaces.indexOf(ingress);
    }

    /** Returns whether a connection is tracked that began with this tuple. */
    boolean tracks(int protocol, Frame.End source, Frame.End destination) {
        Address from = Address.parse(source.address().getHostAddress());
        Address to = Address.parse(destination.address().getHostAddress());
        long transport = FiveTuple.transport(source.port(), destination.port(), protocol);
        long hash = conntrack.hash(from.hi(), from.lo(), to.hi(), to.lo(), transport);
        return conntrack.lookup(hash, from.hi(), from.lo(), to.hi(), to.lo(), transport) != Conntrack.MISS;
    }

    @Override
    public void close() {
        fragments.close();
        pool.close();
        store.close();
    }
}

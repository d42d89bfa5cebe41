package io.towpath.bench;

import io.towpath.conntrack.Conntrack;
import io.towpath.dataplane.pipeline.Fragments;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.NodeForwarding;
import io.towpath.dataplane.pipeline.NodeMasquerade;
import io.towpath.dataplane.pipeline.Pipeline;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.ImmediatePort;
import io.towpath.dataplane.port.Port;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.CounterMap;
import io.towpath.maps.Quiescence;
import io.towpath.nat.DesiredState;
import io.towpath.nat.Nat;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.PortRange;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.UdpReconciler;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import java.util.List;

/** One worker's whole pipeline in node mode, whose frames are written to memory and go nowhere. Its worker's thread only, but for {@link #apply}. */
public final class MemoryEngine implements AutoCloseable {
    private final AnonymousMapStore store = new AnonymousMapStore();
    private final FramePool pool = new FramePool(4 * Burst.LIMIT);
    private final Burst burst = new Burst(pool.frames());
    private final Quiescence quiescence = new Quiescence(1);
    private final ServiceWriter writer;
    private final UdpReconciler reconciler;
    private final Verdicts verdicts;
    private final Fragments fragments;
    private final Pipeline pipeline;

    private final Port port = new ImmediatePort(0, "memory") {
        @Override
        public int receive(FramePool from, Burst into, int limit) {
            return 0;
        }

        @Override
        protected Reason transmit(long l2, int length) {
            return null;
        }
    };

    /** @param maxEntries connections at most */
    public MemoryEngine(List<ServicePort> services, int maxEntries) {
        ServiceMaps maps = new ServiceMaps(store, 1, 1, quiescence);
        Conntrack conntrack = Rig.conntrack(store, maxEntries, 1, quiescence);
        writer = new ServiceWriter(maps, warning -> {
            throw new IllegalStateException(warning);
        });
        reconciler = new UdpReconciler(conntrack, maps, writer);
        DesiredState state = Rig.state(services);
        writer.apply(state);
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
        pipeline = new Pipeline(nat, new NodeForwarding(port, pool, verdicts, new IcmpErrorSender(pool, 1)), fragments);
        quiescence.online(0);
    }

    /** Returns the frames to come; empty after {@link #process}. */
    public Burst burst() {
        return burst;
    }

    /** Appends a frame of {@code length} bytes to the burst and returns where to write it. */
    public long add(int length) {
        int buffer = pool.take();
        long l2 = FramePool.l2(buffer);
        burst.add(0, buffer, l2, length);
        return l2;
    }

    /** Brings the frames of the burst to their verdicts. */
    public void process(long nowNs) {
        pipeline.process(burst, nowNs);
        port.flush(verdicts);
        burst.clear();
        quiescence.quiescent(0);
    }

    /** Control thread: brings the services to another state and ends stale UDP connections. Returns how many. */
    public int apply(List<ServicePort> services) {
        writer.apply(Rig.state(services));
        return reconciler.reconcile();
    }

    @Override
    public void close() {
        quiescence.offline(0);
        fragments.close();
        pool.close();
        store.close();
    }
}

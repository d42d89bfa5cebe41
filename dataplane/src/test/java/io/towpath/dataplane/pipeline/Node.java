package io.towpath.dataplane.pipeline;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackConfig;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.MemoryPort;
import io.towpath.dataplane.port.Port;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.CounterMap;
import io.towpath.maps.Quiescence;
import io.towpath.nat.DesiredState;
import io.towpath.nat.FragmentTable;
import io.towpath.nat.Nat;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.PortRange;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.UdpReconciler;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import io.towpath.wire.Prefix;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A node-mode engine in memory for tests: frames in, frames out, counters. */
public final class Node implements AutoCloseable {
    /** The device says nothing of a frame. */
    static final byte[] PLAIN = new byte[VnetHeader.LENGTH];

    final AnonymousMapStore store = new AnonymousMapStore();
    final Quiescence quiescence = new Quiescence(1);
    final FramePool pool = new FramePool(256);
    final Burst burst = new Burst(pool.frames());
    final ServiceMaps maps = new ServiceMaps(store, 1, 1, quiescence);
    final ServiceWriter writer = new ServiceWriter(maps, warning -> {
        throw new AssertionError(warning);
    });
    final Conntrack conntrack = new Conntrack(
            store, ConntrackConfig.defaults().withMaxEntries(4096), 1, ServiceMaps.BACKENDS, 1, quiescence);
    final CounterMap counters = CounterMap.create(store, Verdicts.MAP, 1, Verdicts.CAPACITY);
    final Verdicts verdicts = new Verdicts(counters, 0, pool);
    final Fragments fragments;
    final List<byte[]> sent = new ArrayList<>();
    boolean keepsSent = true;
    Pipeline pipeline;
    long nowNs = 1_000_000_000_000L;

    final Port port = new MemoryPort(0, "towpath0", pool, () -> keepsSent, sent::add);

    private final UdpReconciler reconciler = new UdpReconciler(conntrack, maps, writer);
    private final boolean onHost;
    private final List<Prefix> bridges;
    private Nat nat;

    public Node(DesiredState state) {
        this(state, FragmentTable.PACKETS, FragmentTable.BYTES);
    }

    /** On a host whose pods are on a bridge. */
    Node(DesiredState state, Prefix bridge) {
        onHost = true;
        bridges = List.of(bridge);
        fragments = new Fragments(pool, verdicts, FragmentTable.PACKETS, FragmentTable.BYTES, 1);
        apply(state);
    }

    /** With a fragment table of so many packets and bytes. */
    Node(DesiredState state, int fragmentedPackets, int fragmentBytes) {
        onHost = false;
        bridges = List.of();
        fragments = new Fragments(pool, verdicts, fragmentedPackets, fragmentBytes, 1);
        apply(state);
    }

    void apply(DesiredState state) {
        apply(state, List.of("eth0"));
    }

    /** @param interfaces names that the numbers of {@link #play} stand for */
    public void apply(DesiredState state, List<String> interfaces) {
        writer.apply(state);
        NodeSettings settings = new NodeSettings(state.nodeFacts(), interfaces, bridges);
        if (nat == null) {
            nat = new Nat(
                    conntrack,
                    conntrack.worker(0),
                    maps,
                    new NodeMasquerade(state.nodeAddresses()),
                    PortRange.NODE_RESERVED,
                    settings,
                    pool.frames(),
                    7);
            IcmpErrorSender errors = new IcmpErrorSender(pool, 7);
            Forwarding forwarding = onHost
                    ? NodeForwarding.onHost(port, pool, verdicts, errors)
                    : new NodeForwarding(port, pool, verdicts, errors);
            pipeline = new Pipeline(nat, forwarding, fragments);
        }
        nat.onSettings(settings);
    }

    void load(byte[] frame) {
        load(0, frame);
    }

    private void load(int ingress, byte[] frame) {
        load(ingress, frame, PLAIN);
    }

    void load(int ingress, byte[] frame, byte[] vnetHeader) {
        int buffer = pool.take();
        long l2 = FramePool.l2(buffer);
        long header = l2 - VnetHeader.LENGTH;
        MemorySegment.copy(vnetHeader, 0, pool.frames(), ValueLayout.JAVA_BYTE, header, vnetHeader.length);
        MemorySegment.copy(frame, 0, pool.frames(), ValueLayout.JAVA_BYTE, l2, frame.length);
        burst.add(ingress, buffer, l2, frame.length);
    }

    void run() {
        pipeline.process(burst, nowNs);
        port.flush(verdicts);
        burst.clear();
    }

    /** Plays one frame; returns the one that came out, null where none did. */
    byte[] send(byte[] frame) {
        sent.clear();
        load(frame);
        run();
        return sent.isEmpty() ? null : sent.getFirst();
    }

    /** Plays one frame from an interface at a time. Returns what became of it; {@link #sent} has what came out. */
    public Reason play(int ingress, byte[] frame, long atNs) {
        nowNs = atNs;
        sent.clear();
        load(ingress, frame);
        run();
        return burst.reason(0);
    }

    /** Returns what came out, in order. */
    public List<byte[]> sent() {
        return List.copyOf(sent);
    }

    /** Removes UDP connections that are stale, as a sync does. */
    public void reconcile() {
        reconciler.reconcile();
    }

    public Conntrack conntrack() {
        return conntrack;
    }

    long packets(Reason reason) {
        return counters.packets(reason.ordinal());
    }

    /** All packets counted so far. */
    long packets() {
        return Reason.ALL.stream().mapToLong(this::packets).sum();
    }

    @Override
    public void close() {
        fragments.close();
        pool.close();
        store.close();
    }
}

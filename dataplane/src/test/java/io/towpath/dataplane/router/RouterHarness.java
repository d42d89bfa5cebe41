package io.towpath.dataplane.router;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackConfig;
import io.towpath.dataplane.pipeline.Fragments;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.Pipeline;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.MemoryPort;
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
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import org.junit.jupiter.api.AfterEach;

/** Two networks: A 10.0.1.0/24 and fd01::/64, B 10.0.2.0/24 with an MTU of 600; 10.9.0.0/16 is behind 10.0.2.9, 198.51.100.0/24 on B itself; the
 * Service 10.96.0.10:80 is 10.0.2.7:8080, and 10.96.0.11:80 the router itself. */
abstract class RouterHarness {
    static final long MAC_A = 0x0200_0000_00A0L;
    static final long MAC_B = 0x0200_0000_00B0L;
    static final long HOST_A = 0x0200_0000_00A1L;
    static final long HOST_B = 0x0200_0000_00B1L;
    static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

    private static final int STALE_BYTES = 2_048;

    final AnonymousMapStore store = new AnonymousMapStore();
    final Quiescence quiescence = new Quiescence(1);
    final FramePool pool = new FramePool(256);
    final Burst burst = new Burst(pool.frames());
    final CounterMap counters = CounterMap.create(store, Verdicts.MAP, 1, Verdicts.CAPACITY);
    final Verdicts verdicts = new Verdicts(counters, 0, pool);
    private final Fragments fragments = new Fragments(pool, verdicts, 1, 1);
    final List<Sent> sent = new ArrayList<>();
    final List<Port> ports = List.of(port(0), port(1));
    final Neighbors neighbors = Neighbors.create(store, 1, quiescence, new ArrayBlockingQueue<>(64));
    final Router router;
    final Pipeline pipeline;
    boolean keepsSent = true;
    /** An earlier frame, whose end lies behind a shorter one in the same buffer. */
    byte[] stale = {};

    long nowNs = 1_000_000_000_000L;

    private static final DesiredState STATE = new DesiredState(
            List.of(service("dns", "10.96.0.10", "10.0.2.7"), service("self", "10.96.0.11", "10.0.2.1")),
            List.of(),
            List.of(),
            new LocalDetector.None(),
            false);

    private static ServicePort service(String name, String vip, String backend) {
        return new ServicePort(
                new ServicePortName("ns", name, "", Protocol.UDP),
                false,
                List.of(new Vip(VipKind.CLUSTER_IP, Address.parse(vip), 80, false, List.of())),
                List.of(new BackendAddress(Address.parse(backend), 8080)),
                List.of(),
                Scheduler.RANDOM,
                Map.of(),
                0,
                List.of());
    }

    record Sent(int port, byte[] frame) {}

    private Port port(int index) {
        return new MemoryPort(index, "port" + index, pool, () -> keepsSent, frame -> sent.add(new Sent(index, frame)));
    }

    RouterHarness() {
        List<RouterPort> networks = List.of(
                new RouterPort(
                        "a",
                        MAC_A,
                        List.of(Address.parse("10.0.1.1"), Address.parse("fd01::1")),
                        List.of(Prefix.parse("10.0.1.0/24"), Prefix.parse("fd01::/64")),
                        1500),
                new RouterPort(
                        "b",
                        MAC_B,
                        List.of(Address.parse("10.0.2.1"), Address.parse("fd02::1")),
                        List.of(Prefix.parse("10.0.2.0/24"), Prefix.parse("fd02::/64")),
                        600));
        Routes routes = Routes.create(
                store,
                quiescence,
                networks,
                List.of(
                        new Routes.Static(Prefix.parse("10.9.0.0/16"), Address.parse("10.0.2.9"), -1),
                        new Routes.Static(Prefix.parse("198.51.100.0/24"), null, 1)),
                List.of());
        router = new Router(networks, ports, routes, neighbors, pool, verdicts, new IcmpErrorSender(pool, 1));
        ServiceMaps maps = new ServiceMaps(store, 1, 1, quiescence);
        new ServiceWriter(maps, warning -> {}).apply(STATE);
        Conntrack conntrack = new Conntrack(
                store, ConntrackConfig.defaults().withMaxEntries(512), 1, ServiceMaps.BACKENDS, 1, quiescence);
        Nat nat = new Nat(
                conntrack,
                conntrack.worker(0),
                maps,
                routes,
                PortRange.UNPRIVILEGED,
                new NodeSettings(STATE, List.of("a", "b")),
                pool.frames(),
                1);
        pipeline = new Pipeline(nat, router, fragments);
    }

    @AfterEach
    void nothingIsLost() {
        nowNs += 10_000_000_000L;
        router.releasePending(nowNs);
        flush();
        assertEquals(256, pool.available(), "buffers");
        fragments.close();
        pool.close();
        store.close();
    }

    final void receive(int port, byte[] frame) {
        receive(port, frame, new byte[VnetHeader.LENGTH]);
    }

    final void receive(int port, byte[] frame, byte[] vnetHeader) {
        sent.clear();
        burst.clear();
        add(port, frame, vnetHeader);
        process();
    }

    /** Appends a frame to the burst. */
    final void add(int port, byte[] frame, byte[] vnetHeader) {
        int buffer = pool.take();
        long l2 = FramePool.l2(buffer);
        MemorySegment.copy(
                vnetHeader, 0, pool.frames(), ValueLayout.JAVA_BYTE, l2 - VnetHeader.LENGTH, VnetHeader.LENGTH);
        MemorySegment.copy(frame, 0, pool.frames(), ValueLayout.JAVA_BYTE, l2, frame.length);
        pool.frames().asSlice(l2 + frame.length, STALE_BYTES).fill((byte) 0);
        int rest = Math.max(0, stale.length - frame.length);
        MemorySegment.copy(stale, stale.length - rest, pool.frames(), ValueLayout.JAVA_BYTE, l2 + frame.length, rest);
        burst.add(port, buffer, l2, frame.length);
    }

    /** Lets the burst through. */
    final void process() {
        pipeline.process(burst, nowNs);
        flush();
    }

    /** Lets time pass, and the router look at what waits. */
    final void pass(long ms) {
        sent.clear();
        nowNs += ms * 1_000_000;
        router.releasePending(nowNs);
        flush();
    }

    final void flush() {
        ports.forEach(port -> port.flush(verdicts));
        neighbors.update(nowNs);
    }

    long packets(Reason reason) {
        return counters.packets(reason.ordinal());
    }

    static ByteBuffer ethernet(int bytes, long destination, long source, int type) {
        ByteBuffer frame = ByteBuffer.allocate(14 + bytes);
        frame.putShort((short) (destination >>> 32)).putInt((int) destination);
        frame.putShort((short) (source >>> 32)).putInt((int) source).putShort((short) type);
        return frame;
    }

    static byte[] arp(long to, int operation, long senderMac, String sender, String target) {
        ByteBuffer frame = ethernet(28, to, senderMac, 0x0806);
        frame.putLong(0x0001_0800_0604_0000L | operation)
                .putShort((short) (senderMac >>> 32))
                .putInt((int) senderMac);
        frame.putInt(Address.parse(sender).ipv4()).putShort((short) 0).putInt(0);
        return frame.putInt(Address.parse(target).ipv4()).array();
    }

    /** An IPv4 packet without a transport that is tracked (protocol 47), so that only the router is in play. */
    static byte[] packet(String source, String destination, int ttl, int length) {
        ByteBuffer frame = ethernet(length, MAC_A, HOST_A, 0x0800);
        frame.putShort((short) 0x4500)
                .putShort((short) length)
                .putInt(0x4000)
                .put((byte) ttl)
                .put((byte) 47);
        frame.putShort((short) 0)
                .putInt(Address.parse(source).ipv4())
                .putInt(Address.parse(destination).ipv4());
        frame.putShort(24, (short) ~sum(frame.array(), 14, 20));
        return frame.array();
    }

    static int sum(byte[] bytes, int from, int length) {
        int sum = 0;
        for (int i = from; i < from + length; i += 2) {
            sum += (bytes[i] & 0xFF) << 8 | bytes[i + 1] & 0xFF;
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }

    static long mac(byte[] frame, int at) {
        return ByteBuffer.wrap(frame).getLong(at) >>> 16;
    }

    void learnHostB() {
        receive(1, arp(MAC_B, 2, HOST_B, "10.0.2.2", "10.0.2.1"));
        assertEquals(1, packets(Reason.NEIGHBOR_LEARNED));
    }
}

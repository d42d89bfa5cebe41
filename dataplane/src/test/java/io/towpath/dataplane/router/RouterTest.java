package io.towpath.dataplane.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackConfig;
import io.towpath.dataplane.pipeline.Fragments;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.Pipeline;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.CounterMap;
import io.towpath.maps.Quiescence;
import io.towpath.nat.DesiredState;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.Nat;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.PortRange;
import io.towpath.nat.ServiceMaps;
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
import java.util.concurrent.ArrayBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two networks: A 10.0.1.0/24 and fd01::/64, B 10.0.2.0/24 with an MTU of 600; 10.9.0.0/16 is behind 10.0.2.9. */
final class RouterTest {
    private static final long MAC_A = 0x0200_0000_00A0L;
    private static final long MAC_B = 0x0200_0000_00B0L;
    private static final long HOST_A = 0x0200_0000_00A1L;
    private static final long HOST_B = 0x0200_0000_00B1L;
    private static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Quiescence quiescence = new Quiescence(1);
    private final FramePool pool = new FramePool(256);
    private final Burst burst = new Burst(pool.frames());
    private final CounterMap counters = CounterMap.create(store, Verdicts.MAP, 1, Verdicts.CAPACITY);
    private final Verdicts verdicts = new Verdicts(counters, 0, pool);
    private final Fragments fragments = new Fragments(pool, verdicts, 1, 1);
    private final List<Sent> sent = new ArrayList<>();
    private final List<Port> ports = List.of(new MemoryPort(0), new MemoryPort(1));
    private final Neighbors neighbors = Neighbors.create(store, 1, quiescence, new ArrayBlockingQueue<>(64));
    private final Router router;
    private final Pipeline pipeline;
    private long nowNs = 1_000_000_000_000L;

    private record Sent(int port, byte[] frame) {}

    private final class MemoryPort extends Port {
        MemoryPort(int index) {
            super(index, "port" + index);
        }

        @Override
        public int receive(FramePool from, Burst into, int limit) {
            return 0;
        }

        @Override
        protected Reason transmit(long l2, int length) {
            sent.add(new Sent(index(), pool.frames().asSlice(l2, length).toArray(ValueLayout.JAVA_BYTE)));
            return null;
        }

        @Override
        public int pollDescriptor() {
            return -1;
        }
    }

    RouterTest() {
        List<RouterPort> networks = List.of(
                new RouterPort(
                        "a",
                        MAC_A,
                        List.of(Address.parse("10.0.1.1"), Address.parse("fd01::1")),
                        List.of(Prefix.parse("10.0.1.0/24"), Prefix.parse("fd01::/64")),
                        1500),
                new RouterPort(
                        "b", MAC_B, List.of(Address.parse("10.0.2.1")), List.of(Prefix.parse("10.0.2.0/24")), 600));
        Routes routes = Routes.create(
                store,
                quiescence,
                networks,
                List.of(new Routes.Static(Prefix.parse("10.9.0.0/16"), Address.parse("10.0.2.9"), -1)),
                List.of());
        router = new Router(networks, ports, routes, neighbors, pool, verdicts, new IcmpErrorSender(pool));
        DesiredState none = new DesiredState(List.of(), List.of(), List.of(), new LocalDetector.None(), false);
        Conntrack conntrack = new Conntrack(
                store, ConntrackConfig.defaults().withMaxEntries(512), 1, ServiceMaps.BACKENDS, 1, quiescence);
        Nat nat = new Nat(
                conntrack,
                conntrack.worker(0),
                new ServiceMaps(store, 1, 1, quiescence),
                routes,
                PortRange.UNPRIVILEGED,
                new NodeSettings(none, List.of("a", "b")),
                pool.frames(),
                1);
        pipeline = new Pipeline(nat, router, fragments);
    }

    @AfterEach
    void nothingIsLost() {
        assertEquals(256 - (router.hasPending() ? 1 : 0), pool.available(), "buffers");
        fragments.close();
        pool.close();
        store.close();
    }

    private void receive(int port, byte[] frame) {
        sent.clear();
        int buffer = pool.take();
        long l2 = FramePool.l2(buffer);
        VnetHeader.clear(pool.frames(), l2);
        MemorySegment.copy(frame, 0, pool.frames(), ValueLayout.JAVA_BYTE, l2, frame.length);
        burst.clear();
        burst.add(port, buffer, l2, frame.length);
        pipeline.process(burst, nowNs);
        flush();
    }

    private void flush() {
        ports.forEach(port -> port.flush(verdicts));
        neighbors.update(nowNs);
    }

    private long packets(Reason reason) {
        return counters.packets(reason.ordinal());
    }

    private static ByteBuffer ethernet(int bytes, long destination, long source, int type) {
        ByteBuffer frame = ByteBuffer.allocate(14 + bytes);
        frame.putShort((short) (destination >>> 32)).putInt((int) destination);
        frame.putShort((short) (source >>> 32)).putInt((int) source).putShort((short) type);
        return frame;
    }

    private static byte[] arp(long to, int operation, long senderMac, String sender, String target) {
        ByteBuffer frame = ethernet(28, to, senderMac, 0x0806);
        frame.putLong(0x0001_0800_0604_0000L | operation)
                .putShort((short) (senderMac >>> 32))
                .putInt((int) senderMac);
        frame.putInt(Address.parse(sender).ipv4()).putShort((short) 0).putInt(0);
        return frame.putInt(Address.parse(target).ipv4()).array();
    }

    /** An IPv4 packet without a transport that is tracked (protocol 47), so that only the router is in play. */
    private static byte[] packet(String source, String destination, int ttl, int length) {
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

    private static int sum(byte[] bytes, int from, int length) {
        int sum = 0;
        for (int i = from; i < from + length; i += 2) {
            sum += (bytes[i] & 0xFF) << 8 | bytes[i + 1] & 0xFF;
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }

    private static long mac(byte[] frame, int at) {
        return ByteBuffer.wrap(frame).getLong(at) >>> 16;
    }

    private void learnHostB() {
        receive(1, arp(MAC_B, 2, HOST_B, "10.0.2.2", "10.0.2.1"));
        assertEquals(1, packets(Reason.NEIGHBOR_LEARNED));
    }

    @Test
    void shouldAnswerArpForItsOwnAddressOnly() {
        receive(0, arp(BROADCAST, 1, HOST_A, "10.0.1.2", "10.0.1.1"));
        byte[] reply = sent.getFirst().frame();
        assertEquals(HOST_A, mac(reply, 0));
        assertEquals(MAC_A, mac(reply, 6));
        assertEquals(2, reply[21]);
        assertEquals(Address.parse("10.0.1.1").ipv4(), ByteBuffer.wrap(reply).getInt(28));

        receive(0, arp(BROADCAST, 1, HOST_A, "10.0.1.2", "10.0.1.77"));
        assertTrue(sent.isEmpty());
        assertEquals(1, packets(Reason.ARP_REPLY));
    }

    @Test
    void shouldAskForANeighborAndSendWhatWaited() {
        receive(0, packet("10.0.1.2", "10.0.2.2", 64, 100));
        assertEquals(1, sent.size());
        assertEquals(BROADCAST, mac(sent.getFirst().frame(), 0));
        assertEquals(1, sent.getFirst().port());
        assertEquals(0, packets(Reason.ROUTED), "not decided yet");

        learnHostB();
        router.releasePending(nowNs);
        flush();
        Sent routed = sent.getLast();
        assertEquals(1, routed.port());
        assertEquals(HOST_B, mac(routed.frame(), 0));
        assertEquals(MAC_B, mac(routed.frame(), 6));
        assertEquals(63, routed.frame()[22]);
        assertEquals(0xFFFF, sum(routed.frame(), 14, 20), "header checksum");
        assertEquals(1, packets(Reason.ROUTED));
    }

    @Test
    void shouldGiveUpANeighborThatDoesNotAnswerAndForgetOneThatIsSilent() {
        receive(0, packet("10.0.1.2", "10.0.2.2", 64, 100));
        nowNs += 3_100_000_000L;
        router.releasePending(nowNs);
        flush();
        assertEquals(1, packets(Reason.NEIGHBOR_UNREACHABLE));

        learnHostB();
        assertEquals(HOST_B, neighbors.mac(1, 0, Address.parse("10.0.2.2").lo()));
        nowNs += 91_000_000_000L;
        neighbors.update(nowNs);
        assertEquals(-1, neighbors.mac(1, 0, Address.parse("10.0.2.2").lo()));
    }

    @Test
    void shouldUseTheGatewayOfALongerRoute() {
        receive(0, packet("10.0.1.2", "10.9.1.1", 64, 100));

        byte[] asked = sent.getFirst().frame();
        assertEquals(Address.parse("10.0.2.9").ipv4(), ByteBuffer.wrap(asked).getInt(38));
    }

    @Test
    void shouldTellTheSenderWhyNot() {
        learnHostB();
        assertError(packet("10.0.1.2", "10.0.2.2", 1, 100), Reason.HOP_LIMIT_EXCEEDED, 11, 0, 0);
        assertError(packet("10.0.1.2", "10.0.2.2", 64, 601), Reason.PACKET_TOO_BIG, 3, 4, 600);
        assertError(packet("10.0.1.2", "192.0.2.1", 64, 100), Reason.NO_ROUTE, 3, 0, 0);
        receive(0, packet("10.0.1.2", "10.0.2.2", 2, 600));
        assertEquals(1, packets(Reason.ROUTED), "the largest that fits");
    }

    private void assertError(byte[] packet, Reason reason, int type, int code, int parameter) {
        receive(0, packet);
        assertEquals(1, packets(reason));
        byte[] error = sent.getFirst().frame();
        ByteBuffer data = ByteBuffer.wrap(error);
        assertEquals(0, sent.getFirst().port());
        assertEquals(HOST_A, mac(error, 0));
        assertEquals(Address.parse("10.0.1.1").ipv4(), data.getInt(26));
        assertEquals(Address.parse("10.0.1.2").ipv4(), data.getInt(30));
        assertEquals(type << 8 | code, data.getShort(34));
        assertEquals(parameter, data.getInt(38));
        int quoted = Math.min(packet.length - 14, 548);
        assertEquals(42 + quoted, error.length);
        assertArrayEquals(
                java.util.Arrays.copyOfRange(packet, 14, 14 + quoted),
                java.util.Arrays.copyOfRange(error, 42, 42 + quoted),
                "the packet as it came");
        assertEquals(0xFFFF, sum(error, 14, 20));
    }

    @Test
    void shouldRefuseWhatARouterMustNotForward() {
        receive(0, packet("224.0.0.1", "10.0.2.2", 64, 100));
        receive(0, packet("127.0.0.1", "10.0.2.2", 64, 100));
        receive(0, packet("0.0.0.0", "10.0.2.2", 64, 100));
        assertEquals(3, packets(Reason.SOURCE_ADDRESS_INVALID));
        receive(0, packet("10.0.1.2", "224.0.0.5", 64, 100));
        assertEquals(1, packets(Reason.MULTICAST_UNSUPPORTED));
        receive(0, packet("169.254.1.1", "10.0.2.2", 64, 100));
        assertEquals(1, packets(Reason.LINK_LOCAL_NOT_FORWARDED));
        byte[] foreign = packet("10.0.1.2", "10.0.2.2", 64, 100);
        foreign[5] = 0x55;
        receive(0, foreign);
        assertEquals(1, packets(Reason.FRAME_NOT_FOR_US));
        assertTrue(sent.isEmpty());
    }

    /** One fragment of {@link #packet}'s payload; {@code to} is cut to what there is. */
    private static byte[] fragment(byte[] packet, int from, int to) {
        int end = Math.min(to, packet.length - 34);
        ByteBuffer cut = ByteBuffer.allocate(34 + end - from).put(packet, 0, 34).put(packet, 34 + from, end - from);
        cut.putShort(16, (short) (20 + end - from)).putShort(18, (short) 99);
        cut.putShort(20, (short) ((end < packet.length - 34 ? 0x2000 : 0) | from / 8))
                .putShort(24, (short) 0);
        cut.putShort(24, (short) ~sum(cut.array(), 14, 20));
        return cut.array();
    }

    @Test
    void shouldRouteFragmentsThatFitThoughTheirPacketDoesNot() {
        learnHostB();
        byte[] packet = packet("10.0.1.2", "10.0.2.2", 64, 1420);
        receive(0, fragment(packet, 560, 1120));
        receive(0, fragment(packet, 1120, 2000));
        assertTrue(sent.isEmpty());
        receive(0, fragment(packet, 0, 560));

        assertEquals(3, sent.size());
        for (int n = 0; n < 3; n++) {
            byte[] expected = fragment(packet, 560 * n, 560 * n + 560);
            byte[] routed = sent.get(n).frame();
            assertEquals(HOST_B, mac(routed, 0));
            assertEquals(63, routed[22]);
            assertEquals(0xFFFF, sum(routed, 14, 20));
            assertArrayEquals(
                    java.util.Arrays.copyOfRange(expected, 16, 22), java.util.Arrays.copyOfRange(routed, 16, 22));
            assertEquals(expected.length, routed.length);
        }
        assertEquals(3, packets(Reason.ROUTED));
    }

    @Test
    void shouldRejectAPacketWithAFragmentThatDoesNotFit() {
        learnHostB();
        byte[] packet = packet("10.0.1.2", "10.0.2.2", 64, 1420);
        receive(0, fragment(packet, 0, 560));
        receive(0, fragment(packet, 560, 2000));

        assertEquals(1, sent.size());
        assertEquals(0x0304, ByteBuffer.wrap(sent.getFirst().frame()).getShort(34));
        assertEquals(2, packets(Reason.PACKET_TOO_BIG));
    }

    @Test
    void shouldGiveNoTimeToLiveToLaterFragments() {
        learnHostB();
        byte[] first = packet("10.0.1.2", "10.0.2.2", 3, 120);
        byte[] later = packet("10.0.1.2", "10.0.2.2", 255, 120);
        receive(0, fragment(first, 0, 48));
        receive(0, fragment(later, 48, 200));
        assertEquals(2, sent.size());
        assertEquals(2, sent.getLast().frame()[22], "the first fragment's, one hop on");
    }

    @Test
    void shouldDropAnEchoToItselfThatCameInFragments() {
        byte[] echo = packet("10.0.1.2", "10.0.1.1", 64, 120);
        echo[23] = 1;
        echo[34] = 8;
        receive(0, fragment(echo, 0, 48));
        receive(0, fragment(echo, 48, 200));
        assertTrue(sent.isEmpty());
        assertEquals(2, packets(Reason.FRAGMENT_UNSUPPORTED));
    }
}

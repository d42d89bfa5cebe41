package io.towpath.dataplane.port;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Network;
import io.towpath.dataplane.demo.Programs;
import io.towpath.dataplane.e2e.EndToEnd;
import io.towpath.dataplane.e2e.SlowLink;
import io.towpath.linux.Tap;
import io.towpath.linux.TapSendBuffer;
import io.towpath.packet.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two devices in two namespaces, joined by ports on an event loop that send on each frame as it came. */
@EndToEnd
final class NettyTapPortTest {
    private static final String LEFT = "10.99.0.1";
    private static final String RIGHT = "10.99.0.2";
    private static final int PORT = 7000;
    private static final int ANSWER_LIMIT_MS = 5_000;
    private static final int MANY = 50_000;
    /** An IoUringIoOps has 72 bytes; Netty makes a callback object for each round of the event loop, which may bring one frame only. */
    private static final int ALLOCATED_MAX = 128;

    private static final int STREAM_BYTES = 64 << 20;

    private final Cleanup cleanup = new Cleanup();
    private Namespace left;
    private Namespace right;
    private LoopWire wire;

    @BeforeEach
    void open() throws Exception {
        String id = ProcessHandle.current().pid() + "x" + System.nanoTime() % 1_000_000;
        left = namespace("towpath-" + id + "-client");
        right = namespace("towpath-" + id + "-backend1");
        wire = cleanup.closeLater(new LoopWire("tnl" + id.hashCode() % 100_000, "tnr" + id.hashCode() % 100_000));
        setUp(left, wire.deviceName(0), LEFT);
        setUp(right, wire.deviceName(1), RIGHT);
        wire.start();
    }

    private Namespace namespace(String name) throws Exception {
        Namespace namespace = new Namespace(name);
        Network.make(namespace, cleanup);
        return namespace;
    }

    private static void setUp(Namespace namespace, String device, String address) throws Exception {
        Programs.require("ip", "link", "set", device, "netns", namespace.name());
        ip(namespace, "link", "set", device, "name", "eth0");
        ip(namespace, "address", "add", address + "/24", "dev", "eth0");
        ip(namespace, "link", "set", "eth0", "up");
    }

    private static void ip(Namespace namespace, String... arguments) throws Exception {
        Programs.require(namespace.command(concat("ip", arguments)).toArray(String[]::new));
    }

    private static String[] concat(String first, String[] rest) {
        String[] all = new String[rest.length + 1];
        all[0] = first;
        System.arraycopy(rest, 0, all, 1, rest.length);
        return all;
    }

    @AfterEach
    void close() {
        cleanup.close();
    }

    @Test
    void shouldCarryAStreamEachWayUnchangedAndHaveAllBuffersBack() throws Exception {
        assertArrayEquals(new long[] {STREAM_BYTES, sum()}, stream(left, right, RIGHT));
        assertArrayEquals(new long[] {STREAM_BYTES, sum()}, stream(right, left, LEFT));

        wire.close();

        assertEquals(wire.pool().capacity(), wire.pool().available());
        assertEquals(0, wire.count(Reason.EGRESS_FAILED));
    }

    @Test
    void shouldCarryDatagramsOfAllSizes() throws Exception {
        try (DatagramSocket server = right.call(() -> new DatagramSocket(PORT));
                DatagramSocket client = left.call(() -> new DatagramSocket())) {
            for (int length = 0; length <= 1472; length += 184) {
                assertTrue(passes(client, RIGHT, server, length), length + " bytes");
            }
        }
    }

    @Test
    void shouldAllocateLittleMoreThanNettysObjectOfEachWrite() throws Exception {
        try (DatagramSocket server = right.call(() -> new DatagramSocket(PORT));
                DatagramSocket client = left.call(() -> new DatagramSocket())) {
            assertTrue(passes(client, RIGHT, server, 100));
            sendMany(client, MANY); // warm
            long before = wire.allocatedBytes();
            long sentBefore = wire.count(Reason.ROUTED);
            sendMany(client, MANY);
            wire.await(() -> wire.count(Reason.ROUTED) > sentBefore + MANY / 2);

            long perFrame = (wire.allocatedBytes() - before) / (wire.count(Reason.ROUTED) - sentBefore);
            System.out.println("allocated by the event loop: " + perFrame + " bytes a frame");
            assertTrue(perFrame <= ALLOCATED_MAX, perFrame + " bytes a frame");
        }
    }

    @Test
    void shouldDropWhatAFullDeviceHasNoRoomForAndHaveAllBuffersBack() throws Exception {
        SlowLink.bridge(right, "eth0");
        ip(left, "neigh", "replace", RIGHT, "lladdr", "02:00:00:00:00:99", "dev", "eth0"); // of nobody: it is flooded
        TapSendBuffer.limit(wire.queue(1), 1);
        int many = 3 * wire.pool().capacity();
        try (DatagramSocket client = left.call(() -> new DatagramSocket())) {
            sendMany(client, many);
            wire.await(() -> wire.count(Reason.EGRESS_FULL) + wire.count(Reason.ROUTED) >= many);

            long full = wire.count(Reason.EGRESS_FULL);
            assertTrue(full > many / 2 && full < many, full + " of " + many);
            assertEquals(full, wire.drops(1).fullOpaque());
            assertEquals(
                    0,
                    wire.drops(1).failedOpaque()
                            + wire.drops(0).failedOpaque()
                            + wire.drops(0).fullOpaque());
            assertEquals(LinkState.UP, wire.link(1));

            TapSendBuffer.limit(wire.queue(1), Integer.MAX_VALUE);
            long routed = wire.count(Reason.ROUTED);
            sendMany(client, many);
            wire.await(() -> wire.count(Reason.ROUTED) >= routed + many);
        }
        wire.close();
        assertEquals(wire.pool().capacity(), wire.pool().available());
    }

    @Test
    void shouldGiveBuffersBackWhileADeviceIsDownAndSendOnceItIsUp() throws Exception {
        try (DatagramSocket server = right.call(() -> new DatagramSocket(PORT));
                DatagramSocket client = left.call(() -> new DatagramSocket())) {
            assertTrue(passes(client, RIGHT, server, 100));
            ip(right, "link", "set", "eth0", "down");
            int many = 3 * wire.pool().capacity();
            sendMany(client, many);
            wire.await(() -> wire.count(Reason.EGRESS_FAILED) >= many);
            ip(right, "link", "set", "eth0", "up");

            assertTrue(passes(client, RIGHT, server, 100));
        }
        wire.close();
        assertEquals(wire.pool().capacity(), wire.pool().available());
    }

    @Test
    void shouldHaveAllBuffersBackFromADeletedDeviceAndGoOnWithAFreshOne() throws Exception {
        try (DatagramSocket client = left.call(() -> new DatagramSocket())) {
            ip(left, "neigh", "replace", RIGHT, "lladdr", "02:00:00:00:00:02", "dev", "eth0");
            sendMany(client, 1);
            ip(right, "link", "delete", "eth0");
            wire.await(() -> wire.link(1) == LinkState.GONE);
            sendMany(client, 100);
            wire.await(() -> wire.count(Reason.EGRESS_FAILED) >= 100);
            ip(left, "neigh", "delete", RIGHT, "dev", "eth0");
            Tap fresh = cleanup.closeLater(Tap.open(wire.deviceName(1), 1));
            setUp(right, fresh.name(), RIGHT);
            wire.replace(1, fresh);

            try (DatagramSocket server = right.call(() -> new DatagramSocket(PORT))) {
                assertTrue(passes(client, RIGHT, server, 100));
            }
        }
        assertEquals(LinkState.UP, wire.link(1));
        wire.close();
        assertEquals(wire.pool().capacity(), wire.pool().available());
    }

    @Test
    void shouldHaveAllBuffersBackWhereTheApplicationEndsItsEventLoopsFirst() throws Exception {
        try (DatagramSocket server = right.call(() -> new DatagramSocket(PORT));
                DatagramSocket client = left.call(() -> new DatagramSocket())) {
            assertTrue(passes(client, RIGHT, server, 100));
        }

        wire.endLoop();

        assertEquals(wire.pool().capacity(), wire.pool().available());
    }

    private static void sendMany(DatagramSocket client, int count) throws IOException {
        byte[] bytes = new byte[100];
        for (int i = 0; i < count; i++) {
            client.send(new DatagramPacket(bytes, bytes.length, InetAddress.getByName(RIGHT), PORT));
        }
    }

    /** Returns whether a datagram comes there as it was sent. */
    private static boolean passes(DatagramSocket from, String to, DatagramSocket at, int length) throws IOException {
        byte[] sent = bytes(length);
        at.setSoTimeout(ANSWER_LIMIT_MS);
        from.send(new DatagramPacket(sent, length, InetAddress.getByName(to), PORT));
        DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
        at.receive(packet);
        return packet.getLength() == length && Arrays.equals(sent, Arrays.copyOf(packet.getData(), length));
    }

    private static long[] stream(Namespace from, Namespace to, String address) throws Exception {
        try (ServerSocket server = to.call(() -> new ServerSocket(PORT))) {
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                try (Socket socket = from.call(() -> new Socket(address, PORT))) {
                    socket.getOutputStream().write(bytes(STREAM_BYTES));
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            server.setSoTimeout(ANSWER_LIMIT_MS);
            long length = 0;
            long sum = 0;
            try (Socket socket = server.accept();
                    InputStream input = socket.getInputStream()) {
                byte[] part = new byte[1 << 16];
                for (int read = input.read(part); read > 0; read = input.read(part)) {
                    for (int i = 0; i < read; i++) {
                        sum = 31 * sum + part[i];
                    }
                    length += read;
                }
            }
            sending.get(ANSWER_LIMIT_MS, TimeUnit.MILLISECONDS);
            return new long[] {length, sum};
        }
    }

    private static long sum() {
        long sum = 0;
        for (byte value : bytes(STREAM_BYTES)) {
            sum = 31 * sum + value;
        }
        return sum;
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}

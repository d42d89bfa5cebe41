package io.towpath.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.nat.BackendAddress;
import io.towpath.nat.DesiredState;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/** No frame, however broken, makes the pipeline throw, leak a buffer or end without exactly one verdict. */
final class AnyFrameTest {
    /** What a device may say: nothing, a checksum to be made of TCP and UDP, and super-frames of both, of both families. */
    private static final byte[][] HEADERS = {
        Node.PLAIN,
        {1, 0, 0, 0, 0, 0, 34, 0, 16, 0},
        {1, 0, 0, 0, 0, 0, 34, 0, 6, 0},
        {1, 1, 54, 0, 9, 0, 34, 0, 16, 0},
        {1, 5, 42, 0, 9, 0, 34, 0, 6, 0},
        {1, 4, 74, 0, 9, 0, 54, 0, 16, 0},
        {1, 5, 62, 0, 9, 0, 54, 0, 6, 0}
    };

    private static Node node() {
        ServicePort port = new ServicePort(
                new ServicePortName("ns", "dns", "", Protocol.UDP),
                false,
                List.of(new Vip(VipKind.CLUSTER_IP, Address.parse("10.96.0.10"), 80, false, List.of())),
                List.of(new BackendAddress(Address.parse("10.1.0.1"), 8080)),
                List.of(),
                Scheduler.MH,
                Map.of(),
                0,
                List.of());
        return new Node(new DesiredState(
                List.of(port),
                List.of(),
                List.of(Address.parse("192.168.0.2"), Address.parse("2001:db8::2")),
                new LocalDetector.None(),
                false));
    }

    @Test
    void shouldSettleRandomAndMutatedFrames() {
        Random random = new Random(20261123);
        byte[][] seeds = seeds();

        long refused = settle(
                200_000, n -> n % 4 == 0 ? noise(random) : mutated(random, seeds[n % seeds.length]), _ -> Node.PLAIN);

        assertEquals(0, refused, "for what the device says");
    }

    @Test
    void shouldSettleFramesOfWhichTheDeviceSaysAnything() {
        Random random = new Random(20261126);
        byte[][] seeds = seeds();

        long refused = settle(
                100_000,
                n -> n % 4 == 0 ? mutated(random, seeds[n % seeds.length]) : seeds[n % seeds.length],
                n -> anyHeader(random, n));

        assertTrue(refused > 10_000 && refused < 90_000, refused + " refused");
    }

    private static byte[] anyHeader(Random random, int number) {
        byte[] header = HEADERS[number % HEADERS.length].clone();
        if (number % 5 == 0) {
            random.nextBytes(header);
        }
        for (int changes = random.nextInt(3); changes > 0; changes--) {
            header[random.nextInt(header.length)] = (byte) random.nextInt();
        }
        return header;
    }

    private static byte[][] seeds() {
        byte[] error = Packets.unreachable("10.1.0.1", "203.0.113.1", Packets.udp("203.0.113.1", 7, "10.1.0.1", 8080));
        byte[] packet = Datagrams.whole(17, "203.0.113.1", "10.96.0.10", 0, new byte[96]);
        byte[] packet6 = Datagrams.whole(17, "fd01::1", "fd96::10", 8, new byte[96]);
        return new byte[][] {
            Datagrams.fragment(packet, 7, 0, true, new byte[48]),
            Datagrams.fragment(packet, 7, 48, false, new byte[48]),
            Datagrams.fragment(packet6, 7, 0, true, new byte[48]),
            Datagrams.fragment(packet6, 7, 48, false, new byte[48]),
            Packets.udp("203.0.113.1", 7, "10.96.0.10", 80),
            Packets.tcp("fd01::1", 7, "fd96::10", 80, 2, 1, 0),
            Packets.tcp("203.0.113.1", 7, "10.96.0.10", 80, 2, 1, 0),
            error,
            Packets.unreachable("fd01::1", "fd01::2", Packets.udp("fd01::2", 7, "fd01::1", 8080))
        };
    }

    /** Returns how many were refused for what the device says of them. */
    private static long settle(int frames, IntFunction<byte[]> frame, IntFunction<byte[]> vnetHeader) {
        try (Node node = node()) {
            int free = node.pool.available();
            for (int n = 0; n < frames; n++) {
                node.load(0, frame.apply(n), vnetHeader.apply(n));
                if (node.burst.count == 32) {
                    node.run();
                    node.sent.clear();
                    node.conntrack.sweep(node.conntrack.worker(0), node.nowNs += 1_000_000, 64);
                }
            }
            node.run();
            assertEquals(frames, node.packets(), "each has one verdict");
            assertEquals(free, node.pool.available(), "no buffer is lost");
            return node.packets(Reason.VNET_HEADER_INVALID);
        }
    }

    private static byte[] noise(Random random) {
        byte[] frame = new byte[random.nextInt(200)];
        random.nextBytes(frame);
        if (frame.length > 14 && random.nextBoolean()) {
            frame[12] = (byte) (random.nextBoolean() ? 0x08 : 0x86);
            frame[13] = (byte) (frame[12] == 8 ? 0x00 : 0xDD);
            frame[14] = (byte) (frame[12] == 8 ? 0x45 : 0x60);
        }
        return frame;
    }

    private static byte[] mutated(Random random, byte[] seed) {
        byte[] frame =
                java.util.Arrays.copyOf(seed, random.nextInt(5) == 0 ? random.nextInt(seed.length + 20) : seed.length);
        for (int changes = random.nextInt(4); changes > 0 && frame.length > 0; changes--) {
            frame[random.nextInt(frame.length)] = (byte) random.nextInt();
        }
        if (random.nextInt(3) == 0 && frame.length > 34 && frame[14] == 0x45) {
            frame[24] = 0;
            frame[25] = 0;
            int sum = 0;
            for (int i = 14; i < 34; i += 2) {
                sum += (frame[i] & 0xFF) << 8 | frame[i + 1] & 0xFF;
            }
            sum = (sum & 0xFFFF) + (sum >>> 16);
            sum = (sum & 0xFFFF) + (sum >>> 16);
            frame[24] = (byte) (~sum >>> 8);
            frame[25] = (byte) ~sum;
        }
        return frame;
    }
}

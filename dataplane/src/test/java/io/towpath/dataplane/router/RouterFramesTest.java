package io.towpath.dataplane.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.pipeline.Packets;
import io.towpath.dataplane.port.UdpMerger;
import io.towpath.packet.Reason;
import io.towpath.wire.VnetHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** No frame, however broken and whatever its device says of it, makes the router throw, lose a buffer or count it more or less than once. */
final class RouterFramesTest extends RouterHarness {
    private static final int FRAMES = 30_000;

    private static byte[] withMacs(byte[] frame) {
        ByteBuffer.wrap(frame).putShort(0, (short) (MAC_A >>> 32)).putInt(2, (int) MAC_A);
        return frame;
    }

    private static byte[] withoutDontFragment(byte[] frame) {
        ByteBuffer.wrap(frame).putShort(20, (short) 0).putShort(24, (short) 0);
        ByteBuffer.wrap(frame).putShort(24, (short) ~sum(frame, 14, 20));
        return frame;
    }

    @Test
    void shouldRejectWhatAServiceLeadsToTheRouterItself() {
        byte[] packet = withMacs(Packets.udp("10.0.1.2", 4000, "10.96.0.11", 80));
        receive(0, packet);

        assertEquals(1, packets(Reason.LOCAL_PORT_CLOSED));
        byte[] error = sent.getFirst().frame();
        assertEquals("icmp 10.96.0.11 > 10.0.1.2", Packets.tuple(error));
        assertEquals(3 << 8 | 3, ByteBuffer.wrap(error).getShort(34), "port unreachable");
        assertArrayEquals(
                Arrays.copyOfRange(packet, 14, packet.length),
                Arrays.copyOfRange(error, 42, error.length),
                "the packet as it came");
    }

    @Test
    void shouldSettleRandomAndMutatedFrames() {
        byte[] solicitation = withMacs(Packets.neighborSolicitation("fd01::2", "fd01::1", HOST_A));
        byte[][] seeds = {
            arp(BROADCAST, 1, HOST_A, "10.0.1.2", "10.0.1.1"),
            solicitation,
            packet("10.0.1.2", "10.0.2.2", 64, 100),
            withoutDontFragment(packet("10.0.1.2", "10.0.2.2", 64, 1500)),
            withoutDontFragment(packet("10.0.1.2", "10.0.2.9", 64, 700)),
            withMacs(Packets.udp("10.0.1.2", 4000, "10.96.0.10", 80)),
            withMacs(Packets.tcp("fd01::2", 4000, "fd02::2", 80, 2, 1, 0)),
            withMacs(Packets.udp("10.0.1.2", 4000, "10.0.1.1", 80)),
        };
        learnHostB();
        long before = total();
        Random random = new Random(20261125);
        for (int n = 0; n < FRAMES; n++) {
            byte[] frame = seeds[n % seeds.length].clone();
            if (random.nextInt(5) == 0) {
                frame = Arrays.copyOf(frame, random.nextInt(frame.length + 20));
            }
            for (int changes = random.nextInt(4); changes > 0 && frame.length > 0; changes--) {
                frame[random.nextInt(Math.min(frame.length, 100))] = (byte) random.nextInt();
            }
            byte[] vnetHeader = new byte[VnetHeader.LENGTH];
            if (random.nextInt(3) == 0) {
                random.nextBytes(vnetHeader);
            }
            receive(0, frame, vnetHeader);
            if (n % 50 == 0) {
                pass(100);
            }
        }
        pass(10_000);

        assertEquals(FRAMES, total() - before, "each has one verdict");
        assertTrue(packets(Reason.ROUTED) > 500 && packets(Reason.NEIGHBOR_ADVERTISEMENT) > 500);
    }

    /** Two routers get the same bursts, one with zeros behind the frames, one with what was cut off them: what reads that tells them apart. */
    @Test
    void shouldNotBeMovedByWhatLiesBehindAFrame() {
        RouterHarness other = new RouterHarness() {};
        for (RouterHarness harness : List.of(this, other)) {
            harness.learnHostB();
            harness.ports.forEach(port -> port.mergeUdp(new UdpMerger(harness.pool)));
        }
        byte[][] seeds = {
            withMacs(Packets.udp("10.0.1.2", 4000, "10.96.0.10", 80)),
            withMacs(Packets.udp("10.0.1.2", 4000, "10.0.2.2", 80)),
            withMacs(Packets.udp("fd01::2", 4000, "fd02::2", 80)),
            withMacs(Packets.tcp("10.0.1.2", 4000, "10.0.2.2", 80, 2, 1, 0)),
            withMacs(Packets.unreachable("10.0.1.2", "10.0.2.2", Packets.udp("10.0.2.2", 80, "10.0.1.2", 4000))),
            arp(MAC_A, 1, HOST_A, "10.0.1.2", "10.0.1.1"),
        };
        Random random = new Random(20261126);
        for (int n = 0; n < FRAMES / 10; n++) {
            sent.clear();
            other.sent.clear();
            burst.clear();
            other.burst.clear();
            for (int i = 0; i < 10; i++) {
                other.stale = seeds[random.nextInt(seeds.length)];
                byte[] frame = mutated(random, other.stale);
                byte[] vnetHeader = vnetHeader(random, frame.length);
                add(0, frame, vnetHeader);
                other.add(0, frame, vnetHeader);
            }
            process();
            other.process();
            assertEquals(other.sent.size(), sent.size(), "burst " + n);
            for (int i = 0; i < sent.size(); i++) {
                assertArrayEquals(other.sent.get(i).frame(), sent.get(i).frame(), "burst " + n);
            }
        }
        for (Reason reason : Reason.ALL) {
            assertEquals(other.packets(reason), packets(reason), reason.label());
        }
        assertTrue(packets(Reason.VNET_HEADER_INVALID) > 1_000 && packets(Reason.ROUTED) > 1_000);
        other.nothingIsLost();
    }

    private static byte[] mutated(Random random, byte[] seed) {
        byte[] frame = seed.clone();
        if (random.nextInt(4) == 0) {
            frame = Arrays.copyOf(frame, random.nextInt(frame.length + 8));
        }
        if (random.nextInt(3) == 0 && frame.length > 0) {
            frame[random.nextInt(frame.length)] = (byte) random.nextInt();
        }
        return frame;
    }

    /** What a device might say: mostly nothing, else values about the frame's own. */
    private static byte[] vnetHeader(Random random, int length) {
        byte[] header = new byte[VnetHeader.LENGTH];
        if (random.nextInt(3) == 0) {
            ByteBuffer.wrap(header)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put((byte) random.nextInt(4))
                    .put((byte) random.nextInt(7))
                    .putShort((short) random.nextInt(length + 4))
                    .putShort((short) random.nextInt(3))
                    .putShort((short) (random.nextBoolean() ? 34 : random.nextInt(length + 4)))
                    .putShort((short) (random.nextBoolean() ? 6 : random.nextInt(20)));
        }
        return header;
    }

    private long total() {
        return Reason.ALL.stream().mapToLong(this::packets).sum();
    }
}

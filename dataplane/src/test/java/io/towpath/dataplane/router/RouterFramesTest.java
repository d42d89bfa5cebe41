package io.towpath.dataplane.router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.pipeline.Packets;
import io.towpath.packet.Reason;
import io.towpath.wire.VnetHeader;
import java.nio.ByteBuffer;
import java.util.Arrays;
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

    private long total() {
        return Reason.ALL.stream().mapToLong(this::packets).sum();
    }
}

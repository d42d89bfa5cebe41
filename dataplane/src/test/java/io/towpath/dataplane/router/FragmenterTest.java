package io.towpath.dataplane.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.towpath.dataplane.pipeline.Packets;
import io.towpath.dataplane.port.FramePool;
import io.towpath.packet.Reason;
import io.towpath.wire.VnetHeader;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packets from A (MTU 1500) to B (MTU 600). */
final class FragmenterTest extends RouterHarness {
    private static final int IDENTIFICATION = 0x4711;

    /** A packet to host B with random payload. */
    private static byte[] large(int protocol, String options, int fragment, int payload) {
        byte[] parsed = HexFormat.of().parseHex(options);
        byte[] data = new byte[payload];
        new Random(payload).nextBytes(data);
        byte[] frame = Arrays.copyOf(packet("10.0.1.2", "10.0.2.2", 64, 20), 34 + parsed.length + payload);
        ByteBuffer.wrap(frame)
                .put(34, parsed)
                .put(34 + parsed.length, data)
                .put(14, (byte) (0x45 + parsed.length / 4))
                .putShort(16, (short) (frame.length - 14))
                .putShort(18, (short) IDENTIFICATION)
                .putShort(20, (short) fragment)
                .put(23, (byte) protocol)
                .putShort(24, (short) 0);
        ByteBuffer.wrap(frame).putShort(24, (short) ~sum(frame, 14, 20 + parsed.length));
        return frame;
    }

    /** Checks every fragment and puts their payloads together. */
    private byte[] reassembled() {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        for (int n = 0; n < sent.size(); n++) {
            byte[] frame = sent.get(n).frame();
            ByteBuffer data = ByteBuffer.wrap(frame);
            int header = (frame[14] & 15) * 4;
            boolean last = n == sent.size() - 1;
            assertEquals(1, sent.get(n).port());
            assertEquals(HOST_B, mac(frame, 0));
            assertEquals(MAC_B, mac(frame, 6));
            assertTrue(frame.length - 14 <= 600);
            assertEquals(frame.length - 14, data.getShort(16));
            assertEquals(IDENTIFICATION, data.getShort(18));
            assertEquals(payload.size() / 8 | (last ? 0 : 0x2000), data.getShort(20));
            assertEquals(63, frame[22]);
            assertEquals(0xFFFF, sum(frame, 14, header), "header checksum");
            payload.write(frame, 14 + header, frame.length - 14 - header);
        }
        return payload.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {581, 1000, 1152, 1153, 1480})
    void shouldCutAPacketThatIsLargerThanTheWay(int payload) {
        learnHostB();
        byte[] packet = large(47, "", 0, payload);
        receive(0, packet.clone());

        assertEquals((payload + 575) / 576, sent.size());
        assertArrayEquals(Arrays.copyOfRange(packet, 34, packet.length), reassembled());
        assertEquals(1, packets(Reason.ROUTED));
        assertEquals(0, packets(Reason.PACKET_TOO_BIG));
    }

    @Test
    void shouldGiveOptionsThatAreCopiedToEveryFragment() {
        learnHostB();
        receive(0, large(47, "010704040094040000000000", 0, 1000));

        reassembled();
        String first = HexFormat.of().formatHex(sent.getFirst().frame(), 34, 46);
        String second = HexFormat.of().formatHex(sent.getLast().frame(), 34, 46);
        assertEquals("010704040094040000000000", first);
        assertEquals("010101010194040000000000", second);
    }

    @Test
    void shouldCutAfterTheWaitForTheNeighbor() {
        byte[] packet = large(47, "", 0, 1000);
        receive(0, packet.clone());
        assertEquals(1, sent.size(), "the request");
        learnHostB();
        pass(1);

        assertArrayEquals(Arrays.copyOfRange(packet, 34, packet.length), reassembled());
    }

    @Test
    void shouldCompleteAPartialChecksumFirst() {
        learnHostB();
        byte[] packet = large(17, "", 0, 1000);
        ByteBuffer data = ByteBuffer.wrap(packet);
        data.putShort(34, (short) 7).putShort(36, (short) 9).putShort(38, (short) 1000);
        data.putShort(40, (short) 0);
        int pseudo = sum(packet, 26, 8) + 17 + 1000;
        data.putShort(40, (short) ((pseudo & 0xFFFF) + (pseudo >>> 16)));
        receive(0, packet, new byte[] {1, 0, 0, 0, 0, 0, 34, 0, 6, 0});

        byte[] payload = reassembled();
        byte[] whole = Arrays.copyOf(packet, 34 + payload.length);
        System.arraycopy(payload, 0, whole, 34, payload.length);
        ByteBuffer.wrap(whole).putShort(24, (short) 0);
        ByteBuffer.wrap(whole).putShort(24, (short) ~sum(whole, 14, 20));
        assertTrue(Packets.checksumsValid(whole));
    }

    @Test
    void shouldNeitherCutNorRefuseASuperFrameWhoseSegmentsFit() {
        learnHostB();
        byte[] packet = large(6, "", 0, 1480);
        packet[46] = 0x50;
        packet[47] = 2;
        receive(0, packet, new byte[] {1, 1, 54, 0, 0x30, 2, 34, 0, 16, 0}); // TCPv4, segments of 560 bytes

        assertEquals(1, sent.size());
        assertEquals(packet.length, sent.getFirst().frame().length);
    }

    @Test
    void shouldNotAllocatePerPacketOnceWarm() {
        learnHostB();
        keepsSent = false;
        MemorySegment packet = Arena.ofAuto().allocate(1514);
        byte[] bytes = large(47, "", 0, 1480);
        MemorySegment.copy(bytes, 0, packet, ValueLayout.JAVA_BYTE, 0, bytes.length);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        threads.getCurrentThreadAllocatedBytes(); // its own first call allocates
        long allocated = -1;
        // What is not compiled yet may allocate once; what allocates per packet does in every round.
        for (int round = 0; round < 6 && allocated != 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            cut(packet, 20_000);
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }

        assertEquals(0, allocated, "bytes for 20,000 packets");
    }

    private void cut(MemorySegment packet, int times) {
        for (int n = 0; n < times; n++) {
            int buffer = pool.take();
            long l2 = FramePool.l2(buffer);
            VnetHeader.clear(pool.frames(), l2);
            MemorySegment.copy(packet, 0, pool.frames(), l2, packet.byteSize());
            burst.clear();
            burst.add(0, buffer, l2, (int) packet.byteSize());
            pipeline.process(burst, nowNs);
            ports.getLast().flush(verdicts);
        }
    }

    @Test
    void shouldRefuseWhatMayNotBeCut() {
        learnHostB();
        receive(0, large(47, "", 0x4000, 1000));

        assertEquals(1, packets(Reason.PACKET_TOO_BIG));
        assertEquals(0, sent.getFirst().port());
    }
}

package io.towpath.dataplane.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.pipeline.Packets;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Next hops that do not answer: RFC 4861 section 7.2.2, and what Linux tells the sender. */
final class PendingFramesTest extends RouterHarness {
    private static byte[] fromHostA(byte[] frame) {
        ByteBuffer.wrap(frame).putShort(0, (short) (MAC_A >>> 32)).putInt(2, (int) MAC_A);
        ByteBuffer.wrap(frame).putShort(6, (short) (HOST_A >>> 32)).putInt(8, (int) HOST_A);
        return frame;
    }

    private static String target(Sent request) {
        assertEquals(1, request.port());
        return Address.ofIpv4(ByteBuffer.wrap(request.frame()).getInt(38)).toString();
    }

    private void assertUnreachable(Sent error, byte[] packet, int type, int code) {
        byte[] frame = error.frame();
        int header = frame[12] == 8 ? 20 : 40;
        assertEquals(0, error.port());
        assertEquals(HOST_A, mac(frame, 0));
        assertTrue(Packets.checksumsValid(frame));
        assertEquals(type, frame[14 + header]);
        assertEquals(code, frame[15 + header]);
        assertArrayEquals(
                Arrays.copyOfRange(packet, 14, packet.length),
                Arrays.copyOfRange(frame, 22 + header, frame.length),
                "the packet as its sender sent it");
    }

    @Test
    void shouldAskThreeTimesASecondApartAndThenTellTheSender() {
        byte[] packet = packet("10.0.1.2", "10.0.2.2", 64, 100);
        receive(0, packet.clone());
        assertEquals("10.0.2.2", target(sent.getFirst()));
        pass(999);
        assertEquals(List.of(), sent);
        pass(1);
        assertEquals("10.0.2.2", target(sent.getFirst()));
        pass(1000);
        assertEquals("10.0.2.2", target(sent.getFirst()));
        pass(999);
        assertEquals(List.of(), sent);

        pass(1);
        assertEquals(1, sent.size());
        assertUnreachable(sent.getFirst(), packet, 3, 1);
        assertEquals("icmp 10.0.1.1 > 10.0.1.2", Packets.tuple(sent.getFirst().frame()));
        assertEquals(1, packets(Reason.NEIGHBOR_UNREACHABLE));
        assertEquals(0, packets(Reason.ROUTED));

        receive(0, packet.clone());
        assertEquals("10.0.2.2", target(sent.getFirst()), "asked anew");
    }

    @Test
    void shouldKeepTheOrderOfFramesWhenTheNeighborAnswersBetweenThem() {
        receive(0, packet("10.0.1.2", "10.0.2.2", 64, 100));
        learnHostB();
        receive(0, packet("10.0.1.2", "10.0.2.2", 64, 101));
        assertEquals(List.of(), sent, "behind the one that waits");
        pass(0);
        assertEquals(List.of(114, 115), lengths());
        receive(0, packet("10.0.1.2", "10.0.2.2", 64, 102));
        assertEquals(List.of(116), lengths(), "nobody waits any more");
    }

    private List<Integer> lengths() {
        return sent.stream().map(frame -> frame.frame().length).toList();
    }

    @Test
    void shouldTellOfAnIpv6NeighborByAddressUnreachable() {
        byte[] packet = fromHostA(Packets.udp("fd01::2", 4000, "fd02::2", 53));
        receive(0, packet.clone());
        byte[] request = sent.getFirst().frame();
        assertEquals((byte) 135, request[54]);
        assertTrue(Packets.checksumsValid(request));
        pass(1000);
        assertEquals((byte) 135, sent.getFirst().frame()[54]);
        pass(2000);

        assertUnreachable(sent.getFirst(), packet, 1, 3);
        assertEquals("icmp fd01::1 > fd01::2", Packets.tuple(sent.getFirst().frame()));
    }

    @Test
    void shouldQuoteATranslatedPacketAsItCame() {
        byte[] packet = fromHostA(Packets.udp("10.0.1.2", 4000, "10.96.0.10", 80));
        receive(0, packet.clone());
        assertEquals("10.0.2.7", target(sent.getFirst()), "the backend");
        pass(3000);

        assertUnreachable(sent.getFirst(), packet, 3, 1);
    }

    @Test
    void shouldTellOfAPacketInFragmentsOnceAndByItsFirst() {
        byte[] packet = packet("10.0.1.2", "10.96.0.10", 64, 80);
        packet[23] = 17;
        ByteBuffer.wrap(packet)
                .putShort(34, (short) 4000)
                .putShort(36, (short) 80)
                .putShort(38, (short) 60);
        byte[] first = fragment(packet, 0, 24, true);
        receive(0, fragment(packet, 24, 48, true));
        receive(0, fragment(packet, 48, 60, false));
        receive(0, first.clone());
        pass(3000);

        assertEquals(1, sent.size(), "RFC 1122 section 3.2.2: none about later fragments");
        assertUnreachable(sent.getFirst(), first, 3, 1);
        assertEquals(1, packets(Reason.NEIGHBOR_UNREACHABLE));
        assertEquals(2, packets(Reason.UNANSWERABLE));
    }

    private static byte[] fragment(byte[] packet, int from, int to, boolean more) {
        byte[] fragment = Arrays.copyOf(packet, 34 + to - from);
        System.arraycopy(packet, 34 + from, fragment, 34, to - from);
        ByteBuffer header = ByteBuffer.wrap(fragment).putShort(16, (short) (20 + to - from));
        header.putShort(20, (short) ((more ? 0x2000 : 0) | from / 8));
        header.putShort(24, (short) 0).putShort(24, (short) ~sum(fragment, 14, 20));
        return fragment;
    }

    @Test
    void shouldAskOncePerHopAndGiveUpAllItsFramesTogether() {
        receive(0, packet("10.0.1.2", "10.0.2.2", 64, 100));
        pass(1500);
        receive(0, packet("10.0.1.2", "10.0.2.2", 64, 100));
        assertEquals(List.of(), sent);
        receive(0, packet("10.0.1.2", "10.0.2.3", 64, 100));
        assertEquals("10.0.2.3", target(sent.getFirst()));
        pass(1500);

        assertEquals(2, packets(Reason.NEIGHBOR_UNREACHABLE));
        pass(1500);
        assertEquals(3, packets(Reason.NEIGHBOR_UNREACHABLE));
    }

    @Test
    void shouldSendInOrderAndNoErrorWhenTheNeighborAnswersAtLast() {
        for (int ttl = 10; ttl < 14; ttl++) {
            receive(0, packet("10.0.1.2", "10.0.2.2", ttl, 100));
        }
        pass(2500);
        learnHostB();
        pass(400);

        assertEquals(
                List.of((byte) 9, (byte) 10, (byte) 11, (byte) 12),
                sent.stream().map(frame -> frame.frame()[22]).toList());
        assertEquals(4, packets(Reason.ROUTED));
        pass(5000);
        assertEquals(List.of(), sent);
    }

    @Test
    void shouldHoldNoMoreThanItHasRoomForAndLimitTheErrors() {
        for (int n = 0; n < PendingFrames.LIMIT + 3; n++) {
            receive(0, packet("10.0.1.2", "10.0.2." + (n + 2), 64, 100));
        }
        assertEquals(3, packets(Reason.NEIGHBOR_QUEUE_FULL));
        pass(3000);

        assertEquals(10, packets(Reason.NEIGHBOR_UNREACHABLE));
        assertEquals(PendingFrames.LIMIT - 10, packets(Reason.ICMP_RATE_LIMITED));
        assertEquals(10, sent.size());
    }

    @Test
    void shouldReachNeighborsThatAStaticRoutePutsOnAPort() {
        receive(0, packet("10.0.1.2", "198.51.100.7", 64, 100));
        assertEquals("198.51.100.7", target(sent.getFirst()));
        receive(1, arp(MAC_B, 2, HOST_B, "198.51.100.7", "10.0.2.1"));
        pass(1);

        assertEquals(1, packets(Reason.ROUTED));
        assertEquals(HOST_B, mac(sent.getFirst().frame(), 0));
    }
}

package io.towpath.dataplane.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

final class RouterTest extends RouterHarness {
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
    void shouldForgetANeighborThatIsSilent() {
        receive(0, packet("10.0.1.2", "10.0.2.2", 64, 100));
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

    @Test
    void shouldTellEverySenderOfAPacketThatIsTooBig() {
        learnHostB();
        for (int n = 0; n < 50; n++) {
            receive(0, packet("10.0.1.2", "192.0.2.1", 64, 100));
            receive(0, packet("10.0.1.2", "10.0.2.2", 64, 601));
            assertEquals(1, sent.size(), "who misses it loses every packet after it");
            assertTrue(sent.getFirst().frame().length <= 14 + 601, "no larger than what it answers");
        }
        assertEquals(50, packets(Reason.PACKET_TOO_BIG));
        assertEquals(10, packets(Reason.NO_ROUTE));
        assertEquals(40, packets(Reason.ICMP_RATE_LIMITED));
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
    void shouldSendFragmentsThatWaitedForTheirNeighborFromWhereTheyLie() {
        byte[] packet = packet("10.0.1.2", "10.0.2.2", 64, 1420);
        for (int n = 2; n >= 0; n--) {
            receive(0, fragment(packet, 560 * n, 560 * n + 560));
        }
        receive(0, packet("10.0.1.2", "10.0.1.1", 64, 1000)); // whose answer needs buffers that are free
        learnHostB();
        pass(1);

        assertEquals(3, sent.size());
        for (int n = 0; n < 3; n++) {
            byte[] expected = fragment(packet, 560 * n, 560 * n + 560);
            byte[] routed = sent.get(n).frame();
            assertEquals(63, routed[22]);
            assertEquals(0xFFFF, sum(routed, 14, 20));
            assertEquals(expected.length, routed.length);
            assertEquals(
                    ByteBuffer.wrap(expected).getInt(18),
                    ByteBuffer.wrap(routed).getInt(18));
        }
    }

    @Test
    void shouldHoldTheBuffersOfAllFragmentsBeforeTheirPacketMayWait() {
        byte[] packet = packet("10.0.1.2", "10.0.2.2", 64, 1420);
        receive(0, fragment(packet, 560, 1120));
        receive(0, fragment(packet, 1120, 2000));
        int[] taken = takeAllBut(5); // itself, its whole, two more fragments; and one that the error takes
        receive(0, fragment(packet, 0, 560));
        java.util.Arrays.stream(taken).forEach(pool::give);
        assertTrue(router.hasPending());
        learnHostB();
        pass(1);

        assertEquals(3, packets(Reason.ROUTED));
        assertEquals(3, sent.size());
    }

    @Test
    void shouldNotLetAPacketWaitWhoseFragmentsHaveNoBuffers() {
        byte[] packet = packet("10.0.1.2", "10.0.2.2", 64, 1420);
        receive(0, fragment(packet, 560, 1120));
        receive(0, fragment(packet, 1120, 2000));
        int[] taken = takeAllBut(3);
        receive(0, fragment(packet, 0, 560));
        java.util.Arrays.stream(taken).forEach(pool::give);

        assertFalse(router.hasPending(), "nothing of it is left to give back or to send once more");
        assertEquals(3, packets(Reason.BUFFERS_EXHAUSTED));
        assertTrue(sent.isEmpty());
    }

    private int[] takeAllBut(int buffers) {
        return java.util.stream.IntStream.range(0, pool.available() - buffers)
                .map(n -> pool.take())
                .toArray();
    }

    @Test
    void shouldRejectAPacketWithAFragmentThatDoesNotFit() {
        learnHostB();
        byte[] packet = packet("10.0.1.2", "10.0.2.2", 64, 1420);
        receive(0, withoutFragmentation(fragment(packet, 0, 560)));
        receive(0, withoutFragmentation(fragment(packet, 560, 2000)));

        assertEquals(1, sent.size());
        assertEquals(0x0304, ByteBuffer.wrap(sent.getFirst().frame()).getShort(34));
        assertEquals(2, packets(Reason.PACKET_TOO_BIG));
    }

    /** Sets DF. */
    private static byte[] withoutFragmentation(byte[] fragment) {
        fragment[20] |= 0x40;
        ByteBuffer.wrap(fragment).putShort(24, (short) 0).putShort(24, (short) ~sum(fragment, 14, 20));
        return fragment;
    }

    @Test
    void shouldCutAFragmentFurtherThatDoesNotFit() {
        learnHostB();
        byte[] packet = packet("10.0.1.2", "10.0.2.2", 64, 1420);
        receive(0, fragment(packet, 0, 560));
        receive(0, fragment(packet, 560, 2000));

        ByteBuffer payload = ByteBuffer.allocate(packet.length - 34);
        for (int n = 0; n < sent.size(); n++) {
            byte[] frame = sent.get(n).frame();
            assertTrue(frame.length - 14 <= 600, "length " + frame.length);
            assertEquals(0xFFFF, sum(frame, 14, 20));
            int field = ByteBuffer.wrap(frame).getShort(20);
            assertEquals(n < sent.size() - 1 ? 0x2000 : 0, field & 0x2000, "more fragments");
            assertEquals(payload.position(), (field & 0x1FFF) * 8);
            payload.put(frame, 34, frame.length - 34);
        }
        assertArrayEquals(java.util.Arrays.copyOfRange(packet, 34, packet.length), payload.array());
        assertEquals(2, packets(Reason.ROUTED));
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

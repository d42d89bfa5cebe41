package io.towpath.dataplane.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
}

package io.towpath.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.towpath.packet.Reason;
import io.towpath.wire.Prefix;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is different where the one port is a host's TAP. */
final class NodeOnHostTest {
    private static final Prefix BRIDGE = Prefix.parse("10.1.2.0/24");
    private static final int SYN = 2;
    private static final int TTL_OFFSET = 14 + 8;
    private static final int SOURCE_OFFSET = 14 + 12;

    private Node node;

    @AfterEach
    void close() throws Exception {
        node.close();
    }

    @Test
    void shouldGiveBackTheHopThatTheWayHereTook() {
        node = new Node(Services.state(Services.tcp("10.1.3.9")), BRIDGE);
        byte[] syn = syn("10.1.2.5");

        byte[] out = node.send(syn);

        assertEquals(syn[TTL_OFFSET] + 1, out[TTL_OFFSET]);
        assertEquals(0xFFFF, headerSum(out));
    }

    @Test
    void shouldMasqueradeBetweenPodsOfOneBridge() {
        node = new Node(Services.state(Services.tcp("10.1.2.9")), BRIDGE);

        assertEquals(Services.NODE.toString(), source(node.send(syn("10.1.2.5"))));
    }

    @Test
    void shouldShowThePodToBackendsOffItsBridge() {
        node = new Node(Services.state(Services.tcp("10.1.3.9")), BRIDGE);

        assertEquals("10.1.2.5", source(node.send(syn("10.1.2.5"))));
    }

    @Test
    void shouldNotSendMulticastBackToTheHost() {
        node = new Node(Services.state(Services.tcp("10.1.2.9")), BRIDGE);
        byte[] frame = Packets.udp("10.1.2.5", 5353, "224.0.0.251", 5353);
        frame[0] = 1; // a group's MAC address

        assertNull(node.send(frame));
        assertEquals(1, node.packets(Reason.MULTICAST_UNSUPPORTED));
    }

    private static byte[] syn(String source) {
        return Packets.tcp(source, 40_000, "10.96.0.10", 80, SYN, 1, 0);
    }

    private static String source(byte[] frame) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            text.append(i == 0 ? "" : ".").append(frame[SOURCE_OFFSET + i] & 0xFF);
        }
        return text.toString();
    }

    private static int headerSum(byte[] frame) {
        int sum = 0;
        for (int i = 14; i < 34; i += 2) {
            sum += (frame[i] & 0xFF) << 8 | frame[i + 1] & 0xFF;
        }
        return (sum & 0xFFFF) + (sum >>> 16);
    }
}

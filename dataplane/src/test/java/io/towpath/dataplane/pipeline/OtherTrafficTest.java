package io.towpath.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.packet.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Options and extension headers, absent checksums, protocols without ports, and pings to addresses of Services. */
final class OtherTrafficTest {
    private static final byte[] DATA = new byte[100];
    private static final int GRE = 47;
    private static final int ESP = 50;

    private static Node node() {
        return new Node(Datagrams.services());
    }

    private static byte[] withMacs(byte[] frame) {
        byte[] copy = frame.clone();
        System.arraycopy(frame, 6, copy, 0, 6);
        System.arraycopy(frame, 0, copy, 6, 6);
        return copy;
    }

    private static byte[] packet(int protocol, int options, String from, int fromPort, String to, int toPort) {
        return Datagrams.whole(
                protocol, from, to, options, Datagrams.transport(protocol, from, fromPort, to, toPort, DATA));
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.0.9, 10.96.0.10, 10.1.0.1, 4", "10.1.0.9, 10.96.0.10, 10.1.0.1, 40",
        "fd01::9, fd96::10, fd01::1, 8", "fd01::9, fd96::10, fd01::1, 256"
    })
    void shouldTranslateBehindOptionsAndExtensionHeaders(String client, String vip, String backend, int options) {
        for (int protocol : new int[] {Datagrams.UDP, Datagrams.TCP, Datagrams.SCTP}) {
            try (Node node = node()) {
                byte[] out = node.send(packet(protocol, options, client, 4000, vip, 80));
                assertArrayEquals(packet(protocol, options, client, 4000, backend, 8080), withMacs(out));
                byte[] reply = node.send(packet(protocol, options, backend, 8080, client, 4000));
                if (protocol == Datagrams.UDP) { // the others' first segment is no answer
                    assertArrayEquals(packet(protocol, options, vip, 80, client, 4000), withMacs(reply));
                }
            }
        }
    }

    @Test
    void shouldKeepAnAbsentUdpChecksumAbsent() {
        try (Node node = node()) {
            byte[] request = packet(Datagrams.UDP, 0, "10.1.0.9", 4000, "10.96.0.10", 80);
            request[40] = 0;
            request[41] = 0;
            byte[] out = node.send(request);
            assertEquals("10.1.0.9:4000 > 10.1.0.1:8080", Packets.tuple(out));
            assertEquals(0, out[40] | out[41]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {GRE, ESP, 4, 89})
    void shouldPassProtocolsWithoutPortsByAddressOnly(int protocol) {
        try (Node node = node()) {
            for (String ends : List.of("10.1.0.9 10.1.0.1", "fd01::9 fd01::1")) {
                byte[] packet = Datagrams.whole(protocol, ends.split(" ")[0], ends.split(" ")[1], 0, DATA);
                assertArrayEquals(packet, withMacs(node.send(packet)));
                node.sent.clear();
                for (byte[] fragment : Datagrams.fragments(packet, 5, 48)) {
                    node.load(fragment);
                    node.run();
                }
                assertEquals(2, node.sent.size());
            }
            assertEquals(6, node.packets(Reason.ROUTED));
            assertEquals(0, node.conntrack.worker(0).created());
            assertTrue(Packets.tuple(node.send(Datagrams.whole(protocol, "10.1.0.9", "10.96.0.10", 0, DATA)))
                    .startsWith("icmp 10.96.0.10"));
            assertEquals(1, node.packets(Reason.SERVICE_PORT_UNKNOWN), "never to an address of a Service");
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 10.1.0.9, 10.96.0.10, 3, 3", "58, fd01::9, fd96::10, 1, 4"})
    void shouldAnswerAPingOfAClusterIpWithPortUnreachable(int protocol, String client, String vip, int type, int code) {
        try (Node node = node()) {
            byte[] answer = node.send(packet(protocol, 0, client, 7, vip, 0));
            assertEquals("icmp " + vip + " > " + client, Packets.tuple(answer));
            assertTrue(Packets.checksumsValid(answer));
            int l4 = protocol == 1 ? 34 : 54;
            assertEquals(type, answer[l4]);
            assertEquals(code, answer[l4 + 1]);
            assertEquals(1, node.packets(Reason.SERVICE_PORT_UNKNOWN));
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 10.1.0.9, 10.96.7.7", "58, fd01::9, fd96::77"})
    void shouldDropAPingOfAnUnallocatedServiceAddress(int protocol, String client, String address) {
        try (Node node = node()) {
            assertNull(node.send(packet(protocol, 0, client, 7, address, 0)));
            assertEquals(1, node.packets(Reason.SERVICE_ADDRESS_UNALLOCATED));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 203.0.113.1, 198.51.100.10", "58, 2001:db8:9::1, 2001:db8:1b::1",
        "1, 203.0.113.1, 192.168.0.2", "58, 2001:db8:9::1, 2001:db8::2"
    })
    void shouldRouteAPingOfALoadBalancerOrNodeAddress(int protocol, String client, String address) {
        try (Node node = node()) {
            byte[] ping = packet(protocol, 0, client, 7, address, 0);
            assertArrayEquals(ping, withMacs(node.send(ping)));
            byte[] pong = ping(protocol, address, client);
            assertArrayEquals(pong, withMacs(node.send(pong)));
            assertEquals(2, node.packets(Reason.ROUTED));
        }
    }

    private static byte[] ping(int protocol, String from, String to) {
        byte[] l4 = Datagrams.transport(protocol, from, 7, to, 0, DATA);
        l4[0] = (byte) (protocol == 1 ? 0 : 129);
        return Datagrams.whole(protocol, from, to, 0, Datagrams.checksummed(protocol, from, to, l4));
    }
}

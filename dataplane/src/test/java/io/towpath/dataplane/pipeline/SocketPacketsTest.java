package io.towpath.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.packet.Reason;
import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Packets of sockets leave their checksum to the device: what it makes of them is what becomes of a packet that was whole before. */
final class SocketPacketsTest {
    private static final byte NEEDS_CSUM = 1;

    @ParameterizedTest
    @CsvSource({"6, false", "17, false", "6, true", "17, true"})
    void shouldTranslateAPacketWhoseChecksumIsLeftToTheDevice(int protocol, boolean ipv6) {
        String client = ipv6 ? "fd01::9" : "10.1.0.9";
        String vip = ipv6 ? "fd96::10" : "10.96.0.10";
        String backend = ipv6 ? "fd01::1" : "10.1.0.1";
        try (Node whole = new Node(Datagrams.services());
                Node left = new Node(Datagrams.services())) {
            assertSame(whole, left, protocol, client, 4000, vip, 80);
            assertSame(whole, left, protocol, backend, 8080, client, 4000);
            assertEquals(1, left.packets(Reason.SERVICE));
            assertEquals(1, left.packets(Reason.SERVICE_REPLY));
        }
    }

    private static void assertSame(
            Node whole, Node left, int protocol, String source, int sourcePort, String destination, int port) {
        byte[] l4 = Datagrams.transport(protocol, source, sourcePort, destination, port, new byte[] {1, 2, 3});
        byte[] packet = Datagrams.whole(protocol, source, destination, 0, l4);
        int l4Offset = packet.length - l4.length;
        int checksum = l4Offset + (protocol == Datagrams.TCP ? 16 : 6);

        byte[] partial = packet.clone();
        int pseudo = Datagrams.pseudo(protocol, source, destination, l4.length);
        ByteBuffer.wrap(partial).putShort(checksum, (short) pseudo);
        left.sent.clear();
        left.load(0, partial, new byte[] {NEEDS_CSUM, 0, 0, 0, 0, 0, (byte) l4Offset, 0, (byte) (checksum - l4Offset), 0
        });
        left.run();

        assertArrayEquals(whole.send(packet), completed(left.sent.getFirst(), l4Offset, checksum));
    }

    /** Completes the checksum as a device does. */
    private static byte[] completed(byte[] packet, int l4Offset, int checksum) {
        int sum = Datagrams.sum(packet, l4Offset, packet.length - l4Offset);
        ByteBuffer.wrap(packet).putShort(checksum, (short) ~Datagrams.fold(sum));
        return packet;
    }
}

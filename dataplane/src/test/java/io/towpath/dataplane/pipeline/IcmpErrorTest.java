package io.towpath.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.Entry;
import io.towpath.packet.Reason;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** ICMP errors about translated connections: each type, each kind of translation, both directions, from an end or from a router between. */
final class IcmpErrorTest {
    private static final int PORT = 5353;
    private static final byte[] DATA =
            "the quoted packet's payload".repeat(8).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    /** An RFC 4884 extension structure: version 2, checksum, one MPLS label object. */
    private static final byte[] EXTENSION = {0x20, 0, (byte) 0xD3, (byte) 0xEE, 0, 8, 1, 1, 0, 1, 1, 64};

    /** A connection to port 80 of the VIP of a family, seen from in front and from behind. */
    private record Connection(String client, String vip, String seenAs, int seenPort, String backend) {
        boolean isIpv4() {
            return vip.indexOf(':') < 0;
        }

        /** The request as the client sends it, or as the backend gets it; or the reply as either sees it. */
        byte[] packet(int protocol, boolean request, boolean front, int options) {
            String near = front ? client : seenAs;
            int nearPort = front ? PORT : seenPort;
            String far = front ? vip : backend;
            int farPort = front ? 80 : 8080;
            return request
                    ? Datagrams.whole(
                            protocol,
                            near,
                            far,
                            options,
                            Datagrams.transport(protocol, near, nearPort, far, farPort, DATA))
                    : Datagrams.whole(
                            protocol,
                            far,
                            near,
                            options,
                            Datagrams.transport(protocol, far, farPort, near, nearPort, DATA));
        }
    }

    private static Connection open(Node node, String kind, boolean ipv4, int protocol) {
        String backend = ipv4 ? "10.1.0.1" : "fd01::1";
        String client =
                switch (kind) {
                    case "dnat" -> ipv4 ? "10.1.0.9" : "fd01::9";
                    case "snat" -> ipv4 ? "203.0.113.1" : "2001:db8:9::1";
                    default -> backend;
                };
        String vip = ipv4 ? "10.96.0.10" : "fd96::10";
        byte[] request = new Connection(client, vip, client, PORT, backend).packet(protocol, true, true, 0);
        ByteBuffer out = ByteBuffer.wrap(node.send(request));
        String seenAs = kind.equals("dnat") ? client : ipv4 ? "192.168.0.2" : "2001:db8::2";
        return new Connection(client, vip, seenAs, out.getShort(ipv4 ? 34 : 54) & 0xFFFF, backend);
    }

    private static byte[] error(String source, String destination, int type, int code, int parameter, byte[]... quote) {
        int length = Arrays.stream(quote).mapToInt(part -> part.length).sum();
        ByteBuffer l4 = ByteBuffer.allocate(8 + length)
                .put((byte) type)
                .put((byte) code)
                .putShort((short) 0)
                .putInt(parameter);
        Arrays.stream(quote).forEach(l4::put);
        int protocol = source.indexOf(':') < 0 ? Datagrams.ICMP : Datagrams.ICMPV6;
        return Datagrams.whole(
                protocol, source, destination, 0, Datagrams.checksummed(protocol, source, destination, l4.array()));
    }

    private static byte[] quote(byte[] frame, int length) {
        return Arrays.copyOf(Arrays.copyOfRange(frame, 14, frame.length), length);
    }

    private static byte[] withMacs(byte[] frame) {
        byte[] copy = frame.clone();
        System.arraycopy(frame, 6, copy, 0, 6);
        System.arraycopy(frame, 0, copy, 6, 6);
        return copy;
    }

    private static List<String> matrix() {
        List<String> all = new ArrayList<>();
        for (String kind : new String[] {"dnat", "snat", "hairpin"}) {
            for (String family : new String[] {"4", "6"}) {
                for (int protocol : new int[] {Datagrams.UDP, Datagrams.TCP, Datagrams.SCTP}) {
                    all.add(kind + " " + family + " " + protocol);
                }
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("matrix")
    void shouldTranslateErrorsOfEveryTypeBothWays(String which) {
        String[] words = which.split(" ");
        boolean ipv4 = words[1].equals("4");
        int protocol = Integer.parseInt(words[2]);
        int[][] types = ipv4
                ? new int[][] {{3, 0, 0}, {3, 3, 0}, {3, 4, 1400}, {4, 0, 0}, {11, 0, 0}, {11, 1, 0}, {12, 0, 20 << 24}}
                : new int[][] {{1, 0, 0}, {1, 4, 0}, {2, 0, 1400}, {3, 0, 0}, {3, 1, 0}, {4, 1, 40}};
        try (Node node = new Node(Datagrams.services())) {
            Connection c = open(node, words[0], ipv4, protocol);
            int translated = 0;
            for (int[] type : types) {
                for (int options : new int[] {0, 8, 24}) {
                    for (boolean request : new boolean[] {true, false}) {
                        for (boolean router : new boolean[] {false, true}) {
                            for (int keep : new int[] {8, 12, 100}) {
                                assertTranslated(node, c, protocol, type, options, request, router, keep);
                                translated++;
                            }
                        }
                    }
                }
            }
            assertEquals(translated, node.packets(Reason.ICMP_ERROR_TRANSLATED));
            assertEquals(translated + 1, node.packets());
        }
    }

    private static void assertTranslated(
            Node node, Connection c, int protocol, int[] type, int options, boolean request, boolean router, int keep) {
        String stranger = c.isIpv4() ? "198.51.100.7" : "2001:db8:77::7";
        int length = (c.isIpv4() ? 20 : 40) + options + keep;
        byte[] inner = quote(c.packet(protocol, request, !request, options), length);
        byte[] expectedInner = quote(c.packet(protocol, request, request, options), length);
        if (protocol == Datagrams.SCTP) {
            // A CRC over bytes that are not there cannot be mended.
            System.arraycopy(inner, length - keep + 8, expectedInner, length - keep + 8, Math.min(4, keep - 8));
        }
        String from = request ? router ? stranger : c.backend : router ? stranger : c.client;
        String to = request ? c.seenAs : c.vip;
        boolean masqueraded = !c.seenAs.equals(c.client);
        String expectedFrom = request ? c.vip : masqueraded ? c.seenAs : from;
        String expectedTo = request ? c.client : c.backend;

        byte[] out = node.send(error(from, to, type[0], type[1], type[2], inner));

        String context = Arrays.toString(type) + " options " + options + " request " + request + " router " + router
                + " keep " + keep;
        assertNotNull(out, context);
        assertArrayEquals(
                error(expectedFrom, expectedTo, type[0], type[1], type[2], expectedInner), withMacs(out), context);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldLeaveExtensionsAsTheyAre(boolean ipv4) {
        try (Node node = new Node(Datagrams.services())) {
            Connection c = open(node, "snat", ipv4, Datagrams.TCP);
            int words = ipv4 ? 128 / 4 << 16 : 128 / 8 << 24;
            int type = ipv4 ? 11 : 3;
            byte[] in = error(
                    c.backend,
                    c.seenAs,
                    type,
                    0,
                    words,
                    quote(c.packet(Datagrams.TCP, true, false, 0), 128),
                    EXTENSION);

            byte[] out = node.send(in);
            assertArrayEquals(
                    error(
                            c.vip,
                            c.client,
                            type,
                            0,
                            words,
                            quote(c.packet(Datagrams.TCP, true, true, 0), 128),
                            EXTENSION),
                    withMacs(out));

            // A length that ends within the quoted headers: what follows is no quote, and is not touched.
            int tooShort = ipv4 ? 5 << 16 : 5 << 24;
            assertNull(node.send(error(
                    c.backend, c.seenAs, type, 0, tooShort, quote(c.packet(Datagrams.TCP, true, false, 0), 128))));
            assertEquals(1, node.packets(Reason.ICMP_ERROR_INVALID));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldDropErrorsThatQuoteNothingUsable(boolean ipv4) {
        try (Node node = new Node(Datagrams.services())) {
            Connection c = open(node, "dnat", ipv4, Datagrams.UDP);
            byte[] packet = c.packet(Datagrams.UDP, true, false, 0);
            int header = ipv4 ? 20 : 40;
            byte[] garbage = new byte[64];
            Arrays.fill(garbage, (byte) 0xA5);
            byte[] otherFamily = quote(packet, 64);
            otherFamily[0] = (byte) (ipv4 ? 0x65 : 0x45);
            byte[] later = Datagrams.fragment(packet, 7, 8, true, new byte[32]);
            byte[] inner = error(c.seenAs, c.backend, ipv4 ? 3 : 1, 0, 0, quote(packet, 60));
            byte[][] quotes = {
                new byte[0],
                garbage,
                otherFamily,
                quote(packet, header),
                quote(packet, header + 7),
                quote(later, later.length - 14),
                quote(inner, 80)
            };
            for (byte[] quote : quotes) {
                assertNull(node.send(error(c.backend, c.seenAs, ipv4 ? 3 : 1, 0, 0, quote)));
            }
            byte[] misdirected =
                    error(c.backend, ipv4 ? "10.1.0.77" : "fd01::77", ipv4 ? 3 : 1, 0, 0, quote(packet, 60));
            assertNull(node.send(misdirected), "not to the source of what it quotes");
            assertEquals(quotes.length + 1, node.packets(Reason.ICMP_ERROR_INVALID));
            byte[] unknown = Datagrams.whole(
                    Datagrams.UDP,
                    c.seenAs,
                    c.backend,
                    0,
                    Datagrams.transport(Datagrams.UDP, c.seenAs, 1, c.backend, 2, DATA));
            assertNull(node.send(error(c.backend, c.seenAs, ipv4 ? 3 : 1, 0, 0, quote(unknown, 60))));
            assertEquals(1, node.packets(Reason.ICMP_ERROR_UNRELATED));
        }
    }

    @Test
    void shouldBoundTheWalkOverQuotedExtensionHeaders() {
        try (Node node = new Node(Datagrams.services())) {
            Connection c = open(node, "dnat", false, Datagrams.UDP);
            byte[] endless = quote(Datagrams.whole(60, c.seenAs, c.backend, 0, new byte[1000]), 1040);
            for (int at = 40; at < 1040; at += 8) {
                endless[at] = 60;
            }
            assertNull(node.send(error(c.backend, c.seenAs, 1, 0, 0, endless)));
            assertEquals(1, node.packets(Reason.ICMP_ERROR_INVALID));
        }
    }

    @Test
    void shouldTranslateAnErrorAboutAFirstFragment() {
        try (Node node = new Node(Datagrams.services())) {
            Connection c = open(node, "snat", true, Datagrams.UDP);
            byte[] inner = Datagrams.fragments(c.packet(Datagrams.UDP, true, false, 0), 9, 64)
                    .getFirst();
            byte[] expected = Datagrams.fragments(c.packet(Datagrams.UDP, true, true, 0), 9, 64)
                    .getFirst();

            byte[] out = node.send(error(c.backend, c.seenAs, 11, 1, 0, quote(inner, 84)));
            assertArrayEquals(error(c.vip, c.client, 11, 1, 0, quote(expected, 84)), withMacs(out));
        }
    }

    @Test
    void shouldDropRedirectsAboutTranslatedConnections() {
        try (Node node = new Node(Datagrams.services())) {
            Connection c = open(node, "dnat", true, Datagrams.UDP);
            assertNull(node.send(error(
                    "10.1.0.254", c.seenAs, 5, 1, 0x0A0100FE, quote(c.packet(Datagrams.UDP, true, false, 0), 60))));
            assertEquals(1, node.packets(Reason.ICMP_REDIRECT_TRANSLATED));
        }
    }

    @Test
    void shouldNeitherRefreshNorEndAConnection() {
        try (Node node = new Node(Datagrams.services())) {
            Connection c = open(node, "dnat", true, Datagrams.TCP);
            long entry = Conntrack.entry(node.burst.handle(0));
            long seenNs = node.nowNs - Entry.idleNs(entry, node.nowNs);
            int state = Entry.state(entry);
            node.nowNs += 5_000_000_000L;
            assertNotNull(
                    node.send(error(c.backend, c.seenAs, 3, 1, 0, quote(c.packet(Datagrams.TCP, true, false, 0), 60))));

            assertTrue(Entry.idleNs(entry, node.nowNs) > node.nowNs - seenNs - (1 << 21), "not refreshed");
            assertEquals(state, Entry.state(entry));
            assertNotNull(node.send(c.packet(Datagrams.TCP, true, true, 0)), "the client may go on");
        }
    }

    @Test
    void shouldNotAllocateForErrors() {
        try (Node node = new Node(Datagrams.services())) {
            Connection c = open(node, "snat", true, Datagrams.UDP);
            node.keepsSent = false;
            byte[] error = error(c.backend, c.seenAs, 3, 3, 0, quote(c.packet(Datagrams.UDP, true, false, 0), 60));
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            repeat(node, error, 3000);
            long id = Thread.currentThread().threadId();
            threads.getThreadAllocatedBytes(id);
            long before = threads.getThreadAllocatedBytes(id);
            repeat(node, error, 3000);
            long bytes = threads.getThreadAllocatedBytes(id) - before;

            assertTrue(bytes < 960, bytes + " bytes for 96,000 errors");
        }
    }

    private static void repeat(Node node, byte[] frame, int bursts) {
        for (int n = 0; n < bursts; n++) {
            for (int i = 0; i < 32; i++) {
                node.load(frame);
            }
            node.run();
        }
    }
}

package io.towpath.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.towpath.nat.BackendAddress;
import io.towpath.nat.DesiredState;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServicePortName;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ServiceScenarioTest {
    private static final int SYN = 2;
    private static final int SYN_ACK = 18;
    private static final int ACK = 16;

    private static final Address NODE = Address.parse("192.168.0.2");
    private static final Address NODE6 = Address.parse("2001:db8::2");

    private static ServicePort service(String name, boolean ipv6, Protocol protocol, String... backends) {
        Address vip = Address.parse(ipv6 ? "fd96::10" : "10.96.0.10");
        List<BackendAddress> all = Arrays.stream(backends)
                .map(text -> new BackendAddress(Address.parse(text), 8080))
                .toList();
        return new ServicePort(
                new ServicePortName("ns", name, "p", protocol),
                ipv6,
                List.of(
                        new Vip(VipKind.CLUSTER_IP, vip, 80, false, List.of()),
                        new Vip(VipKind.NODE_PORT, ipv6 ? NODE6 : NODE, 30080, false, List.of())),
                all,
                List.of(),
                Scheduler.RANDOM,
                Map.of(),
                0,
                List.of());
    }

    private static DesiredState state(ServicePort... ports) {
        return new DesiredState(
                List.of(ports),
                List.of(Prefix.parse("10.96.0.0/16")),
                List.of(NODE, NODE6),
                new LocalDetector.BySource(List.of(Prefix.parse("10.1.0.0/16"), Prefix.parse("fd01::/16"))),
                false);
    }

    private static Node web() {
        return new Node(state(
                service("web", false, Protocol.TCP, "10.1.0.1", "10.1.0.2", "10.1.0.3"),
                service("web", true, Protocol.TCP, "fd01::1", "fd01::2"),
                service("dns", false, Protocol.UDP, "10.1.0.1", "10.1.0.2")));
    }

    private static String backend(byte[] frame) {
        String tuple = Packets.tuple(frame);
        return tuple.substring(tuple.indexOf('>') + 2);
    }

    private static byte[] reverse(byte[] request, int flags, int sequence, int ack) {
        String[] ends = Packets.tuple(request).split(" > ");
        String[] parts = new String[4];
        for (int i = 0; i < 2; i++) {
            int colon = ends[i].lastIndexOf(':');
            parts[2 * i] = ends[i].substring(0, colon).replaceAll("[\\[\\]]", "");
            parts[2 * i + 1] = ends[i].substring(colon + 1);
        }
        return Packets.tcp(
                parts[2], Integer.parseInt(parts[3]), parts[0], Integer.parseInt(parts[1]), flags, sequence, ack);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"10.1.0.9 10.96.0.10", "fd01::9 fd96::10", "203.0.113.1 10.96.0.10", "2001:db8:9::1 fd96::10"})
    void shouldTranslateToABackendAndRevertTheReply(String addresses) {
        String client = addresses.split(" ")[0];
        String vip = addresses.split(" ")[1];
        try (Node node = web()) {
            byte[] request = Packets.tcp(client, 4000, vip, 80, SYN, 100, 0);
            byte[] translated = node.send(request);

            assertTrue(Packets.checksumsValid(translated));
            assertTrue(backend(translated).endsWith("8080"), Packets.tuple(translated));
            byte[] answer = node.send(reverse(translated, SYN_ACK, 500, 101));
            assertTrue(Packets.checksumsValid(answer));
            assertArrayEquals(Packets.tcp(vip, 80, client, 4000, SYN_ACK, 500, 101), withMacs(answer));
            assertEquals(1, node.packets(Reason.SERVICE));
            assertEquals(1, node.packets(Reason.SERVICE_REPLY));
            assertEquals(2, node.packets());
        }
    }

    /** Node mode swaps the MAC addresses; the builder writes them as they come in. */
    private static byte[] withMacs(byte[] frame) {
        byte[] copy = frame.clone();
        System.arraycopy(frame, 6, copy, 0, 6);
        System.arraycopy(frame, 0, copy, 6, 6);
        return copy;
    }

    @Test
    void shouldMasqueradeStrangersAndKeepPodsSources() {
        try (Node node = web()) {
            assertTrue(Packets.tuple(node.send(Packets.tcp("10.1.0.9", 4000, "10.96.0.10", 80, SYN, 1, 0)))
                    .startsWith("10.1.0.9:4000 > "));
            String stranger = Packets.tuple(node.send(Packets.tcp("203.0.113.1", 4000, "10.96.0.10", 80, SYN, 1, 0)));
            assertTrue(stranger.startsWith("192.168.0.2:6"), stranger);
            String nodePort = Packets.tuple(node.send(Packets.tcp("10.1.0.9", 4000, "192.168.0.2", 30080, SYN, 1, 0)));
            assertTrue(nodePort.startsWith("192.168.0.2:6"), nodePort);
        }
    }

    @Test
    void shouldMasqueradeHairpin() {
        try (Node node = new Node(state(service("web", false, Protocol.TCP, "10.1.0.1")))) {
            String hairpin = Packets.tuple(node.send(Packets.tcp("10.1.0.1", 4000, "10.96.0.10", 80, SYN, 1, 0)));

            assertTrue(hairpin.startsWith("192.168.0.2:"), hairpin);
            assertTrue(hairpin.endsWith("> 10.1.0.1:8080"), hairpin);
        }
    }

    @Test
    void shouldRejectAndDropAsKubeProxy() {
        try (Node node = new Node(state(service("web", false, Protocol.TCP)))) {
            byte[] reject = node.send(Packets.tcp("10.1.0.9", 4000, "10.96.0.10", 80, SYN, 1, 0));
            assertEquals("icmp 10.96.0.10 > 10.1.0.9", Packets.tuple(reject));
            assertTrue(Packets.checksumsValid(reject));
            assertEquals(1, node.packets(Reason.NO_ENDPOINTS));
            node.send(Packets.tcp("10.1.0.9", 4000, "10.96.0.10", 81, SYN, 1, 0));
            assertEquals(1, node.packets(Reason.SERVICE_PORT_UNKNOWN));
            assertNull(node.send(Packets.tcp("10.1.0.9", 4000, "10.96.9.9", 80, SYN, 1, 0)));
            assertEquals(1, node.packets(Reason.SERVICE_ADDRESS_UNALLOCATED));
            assertEquals(3, node.packets());
        }
    }

    @Test
    void shouldLimitTheRateOfRejects() {
        try (Node node = new Node(state(service("web", false, Protocol.TCP)))) {
            for (int i = 0; i < 50; i++) {
                node.send(Packets.tcp("10.1.0.9", 4000 + i, "10.96.0.10", 80, SYN, 1, 0));
            }
            assertEquals(10, node.packets(Reason.NO_ENDPOINTS));
            assertEquals(40, node.packets(Reason.ICMP_RATE_LIMITED));
        }
    }

    @Test
    void shouldKeepConnectionsWhenServicesChange() {
        try (Node node = web()) {
            byte[] first = node.send(Packets.tcp("10.1.0.9", 4000, "10.96.0.10", 80, SYN, 100, 0));
            String chosen = backend(first);
            node.send(reverse(first, SYN_ACK, 500, 101));
            String other = IntStream.of(1, 2, 3)
                    .mapToObj(n -> "10.1.0." + n)
                    .filter(address -> !chosen.startsWith(address))
                    .findFirst()
                    .orElseThrow();
            List<ServicePort> ports = new ArrayList<>();
            ports.add(service("web", false, Protocol.TCP, other));
            for (int i = 0; i < 10_000; i++) {
                ports.add(new ServicePort(
                        new ServicePortName("many", "s" + i, "", Protocol.TCP),
                        false,
                        List.of(new Vip(VipKind.CLUSTER_IP, Address.ofIpv4(0x0A600100 + i), 80, false, List.of())),
                        List.of(new BackendAddress(Address.parse("10.1.0.1"), 80)),
                        List.of(),
                        Scheduler.RANDOM,
                        Map.of(),
                        0,
                        List.of()));
            }
            node.apply(state(ports.toArray(ServicePort[]::new)));

            assertEquals(chosen, backend(node.send(Packets.tcp("10.1.0.9", 4000, "10.96.0.10", 80, ACK, 101, 501))));
            for (int port = 5000; port < 5050; port++) {
                byte[] fresh = node.send(Packets.tcp("10.1.0.9", port, "10.96.0.10", 80, SYN, 1, 0));
                assertEquals(other + ":8080", backend(fresh), "new connections get only what is left");
            }
        }
    }

    @Test
    void shouldTakeAnotherSourcePortWhereTwoConnectionsWouldLookAlike() {
        try (Node node = web()) {
            Set<String> tuples = new TreeSet<>();
            for (int i = 0; i < 200; i++) {
                tuples.add(Packets.tuple(node.send(Packets.udp("203.0.113." + (i + 1), 5353, "10.96.0.10", 80))));
            }
            assertEquals(200, tuples.size());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "203.0.113.1 10.96.0.10 192.168.0.2",
                "2001:db8:9::1 fd96::10 2001:db8::2",
                "fd01::9 fd96::10 fd01::9"
            })
    void shouldTranslateAnIcmpErrorWithItsQuote(String addresses) {
        String client = addresses.split(" ")[0];
        String vip = addresses.split(" ")[1];
        String seenAs = addresses.split(" ")[2];
        try (Node node = web()) {
            byte[] request = Packets.tcp(client, 5353, vip, 80, SYN, 1, 0);
            byte[] translated = node.send(request);
            String backend = backend(translated).replace(":8080", "").replaceAll("[\\[\\]]", "");
            byte[] error = node.send(Packets.unreachable(backend, seenAs, withMacs(translated)));

            assertTrue(Packets.checksumsValid(error));
            assertArrayEquals(Packets.unreachable(vip, client, request), withMacs(error));
            assertEquals(1, node.packets(Reason.ICMP_ERROR_TRANSLATED));
        }
    }

    @Test
    void shouldDropAnIcmpErrorAboutNoConnection() {
        try (Node node = web()) {
            byte[] stranger = Packets.udp("203.0.113.1", 5353, "10.1.0.1", 8080);

            assertNull(node.send(Packets.unreachable("10.1.0.1", "203.0.113.1", stranger)));
            assertEquals(1, node.packets(Reason.ICMP_ERROR_UNRELATED));
        }
    }

    @Test
    void shouldKeepServiceCidrsWhenThereAreTooMany() {
        List<Prefix> many = IntStream.range(0, 1025)
                .mapToObj(i -> new Prefix(Address.ofIpv4(0x0B000000 + (i << 8)), 120))
                .toList();
        List<String> said = new ArrayList<>();
        try (Node node = web()) {
            io.towpath.nat.ServiceWriter writer = new io.towpath.nat.ServiceWriter(node.maps, said::add);
            writer.apply(new DesiredState(List.of(), many, List.of(NODE), new LocalDetector.None(), false));
            writer.finish(0);

            assertEquals(List.of("ServiceCIDRs keep their last state: 1025 are more than 1024"), said);
        }
    }

    @Test
    void shouldNeverRepairABrokenChecksum() {
        try (Node node = web()) {
            byte[] broken = Packets.tcp("203.0.113.1", 4000, "10.96.0.10", 80, SYN, 1, 0);
            broken[broken.length - 1] ^= 1;

            assertEquals(false, Packets.checksumsValid(node.send(broken)));
        }
    }

    @Test
    void shouldBalanceEvenly() {
        try (Node node = web()) {
            int[] counts = new int[4];
            for (int port = 1024; port < 4024; port++) {
                String backend = backend(node.send(Packets.tcp("10.1.0.9", port, "10.96.0.10", 80, SYN, 1, 0)));
                counts[backend.charAt(7) - '0']++;
            }
            for (int n = 1; n <= 3; n++) {
                assertTrue(Math.abs(counts[n] - 1000) < 5 * 26, Arrays.toString(counts)); // 5 sigma
            }
            assertNotEquals(0, node.packets(Reason.SERVICE));
        }
    }

    @Test
    void shouldNotAllocatePerPacketOnceWarm() {
        try (Node node = web()) {
            node.keepsSent = false;
            byte[][] frames = new byte[32][];
            for (int i = 0; i < frames.length; i++) {
                frames[i] = Packets.udp("203.0.113." + i, 4000, "10.96.0.10", 80);
            }
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            forward(node, frames, 4000);
            long id = Thread.currentThread().threadId();
            threads.getThreadAllocatedBytes(id);
            long before = threads.getThreadAllocatedBytes(id);
            forward(node, frames, 4000);
            long bytes = threads.getThreadAllocatedBytes(id) - before;

            // 128,000 packets; one long-lived object would show as more than this.
            assertTrue(bytes < 128_000 / 100, bytes + " bytes for 128,000 packets");
        }
    }

    private static void forward(Node node, byte[][] frames, int bursts) {
        for (int n = 0; n < bursts; n++) {
            for (byte[] frame : frames) {
                node.load(frame);
            }
            node.run();
        }
    }
}

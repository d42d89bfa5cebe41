package io.towpath.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.nat.Scheduler;
import io.towpath.packet.Reason;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class SessionAffinityTest {
    private static final int SYN = 2;
    private static final int ACK = 16;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final String[] THREE = {"10.1.0.1", "10.1.0.2", "10.1.0.3"};

    private int port = 2000;

    /** Opens a connection from a new port; returns the backend's address. */
    private String connect(Node node, String client, String vip, int vipPort) {
        String tuple = Packets.tuple(node.send(Packets.tcp(client, port++, vip, vipPort, SYN, 1, 0)));
        return tuple.replaceAll(".*> (.*):8080", "$1");
    }

    private String connect(Node node, String client) {
        return connect(node, client, "10.96.0.10", 80);
    }

    private static Node node(int seconds) {
        return new Node(Services.state(Services.tcp(THREE).withAffinity(seconds)));
    }

    @Test
    void shouldKeepAClientOnItsBackendOverAllAddresses() {
        try (Node node = node(100)) {
            Set<String> chosen = new TreeSet<>();
            for (int client = 1; client < 60; client++) {
                String address = "10.1.1." + client;
                String first = connect(node, address);
                chosen.add(first);
                assertEquals(first, connect(node, address));
                assertEquals(first, connect(node, address, "192.168.0.2", 30080));
            }
            assertEquals(3, chosen.size());
        }
    }

    @Test
    void shouldCountTheTimeFromTheLastNewConnection() {
        try (Node node = node(100)) {
            boolean movedAfterTimeout = false;
            for (int client = 1; client < 40; client++) {
                String address = "10.1.1." + client;
                String first = connect(node, address);
                node.nowNs += 90 * SECOND_NS;
                assertEquals(first, connect(node, address));
                node.nowNs += 90 * SECOND_NS;
                assertEquals(first, connect(node, address), "180 s after the first, 90 s after the last connection");
                node.nowNs += 101 * SECOND_NS;
                movedAfterTimeout |= !first.equals(connect(node, address));
            }
            assertTrue(movedAfterTimeout);
        }
    }

    @Test
    void shouldNotCountPacketsThatOpenNoConnection() {
        try (Node node = node(100)) {
            boolean moved = false;
            for (int client = 1; client < 40; client++) {
                String address = "10.1.1." + client;
                String first = connect(node, address);
                node.nowNs += 60 * SECOND_NS;
                node.send(Packets.tcp(address, port++, "10.96.0.10", 80, 4, 1, 0)); // a reset of nothing
                node.nowNs += 60 * SECOND_NS;
                moved |= !first.equals(connect(node, address));
            }
            assertTrue(moved);
        }
    }

    @Test
    void shouldBalanceAnewAndStickWhenTheBackendIsGone() {
        try (Node node = node(100)) {
            String first = connect(node, "10.1.1.1");
            String[] rest = java.util.Arrays.stream(THREE)
                    .filter(backend -> !backend.equals(first))
                    .toArray(String[]::new);
            node.apply(Services.state(Services.tcp(rest).withAffinity(100)));

            String second = connect(node, "10.1.1.1");
            assertNotEquals(first, second);
            for (int i = 0; i < 20; i++) {
                assertEquals(second, connect(node, "10.1.1.1"));
            }
            node.apply(Services.state(Services.tcp(THREE).withAffinity(100)));
            assertEquals(second, connect(node, "10.1.1.1"), "the first backend came back");
        }
    }

    @Test
    void shouldLetAnEstablishedConnectionBeWhenItsBackendDrains() {
        for (Scheduler scheduler : new Scheduler[] {Scheduler.RANDOM, Scheduler.MH, Scheduler.LC}) {
            try (Node node = new Node(
                    Services.state(Services.tcp(THREE).withScheduler(scheduler).withAffinity(100)))) {
                String first = connect(node, "10.1.1.1");
                int connected = port - 1;
                node.send(Packets.tcp(first, 8080, "10.1.1.1", connected, SYN | ACK, 500, 2));
                String[] rest = java.util.Arrays.stream(THREE)
                        .filter(backend -> !backend.equals(first))
                        .toArray(String[]::new);
                node.apply(Services.state(
                        Services.tcp(rest).withScheduler(scheduler).withAffinity(100)));

                String tuple =
                        Packets.tuple(node.send(Packets.tcp("10.1.1.1", connected, "10.96.0.10", 80, ACK, 2, 501)));
                assertTrue(tuple.endsWith("> " + first + ":8080"), scheduler + ": " + tuple);
                for (int i = 0; i < 50; i++) {
                    assertNotEquals(first, connect(node, "10.1.1.1"), scheduler.toString());
                }
            }
        }
    }

    @Test
    void shouldHaveAQuarterOfTheTableAtMost() {
        try (Node node = node(100)) {
            for (int client = 0; client < 1500; client++) {
                connect(node, "10.1." + (2 + client / 250) + "." + (1 + client % 250));
            }
            AtomicInteger entries = new AtomicInteger();
            node.conntrack.forEachLive(1, node.conntrack.pagesEnd(), _ -> entries.incrementAndGet());
            int memories = entries.get() - 1500;
            assertTrue(memories > 1000 && memories <= 1100, memories + " memories of 4,096 entries");
            assertEquals(1500, node.packets(Reason.SERVICE));
        }
    }

    @Test
    void shouldKeepTheMemoryForALongerTimeOnceTheServiceSaysSo() {
        try (Node node = node(50)) {
            String first = connect(node, "10.1.1.1");
            node.apply(Services.state(Services.tcp(THREE).withAffinity(1000)));
            assertEquals(first, connect(node, "10.1.1.1"));
            node.nowNs += 60 * SECOND_NS;
            for (int i = 0; i < 80; i++) {
                node.conntrack.sweep(node.conntrack.worker(0), node.nowNs, 64);
            }
            for (int i = 0; i < 20; i++) {
                assertEquals(first, connect(node, "10.1.1.1"));
            }
        }
    }

    @Test
    void shouldForgetWhenTheTableIsSwept() {
        try (Node node = node(100)) {
            connect(node, "10.1.1.1");
            node.nowNs += 101 * SECOND_NS;
            int removed = 0;
            for (int i = 0; i < 4; i++) {
                removed += node.conntrack.sweep(node.conntrack.worker(0), node.nowNs, 64);
            }
            assertEquals(1, removed, "the memory; the connection has 120 s");
        }
    }
}

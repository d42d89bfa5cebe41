package io.towpath.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.nat.UdpReconciler;
import org.junit.jupiter.api.Test;

final class UdpReconcilerTest {
    private static String target(Node node, int port) {
        return target(node, port, "10.96.0.10", 80);
    }

    private static String target(Node node, int port, String vip, int vipPort) {
        String tuple = Packets.tuple(node.send(Packets.udp("10.1.1.1", port, vip, vipPort)));
        return tuple.replaceAll(".*> ", "");
    }

    private static int apply(Node node, UdpReconciler reconciler, Services... services) {
        node.apply(Services.state(services));
        return reconciler.reconcile();
    }

    private static UdpReconciler reconciler(Node node) {
        UdpReconciler reconciler = new UdpReconciler(node.conntrack, node.maps, node.writer);
        reconciler.reconcile();
        return reconciler;
    }

    @Test
    void shouldMoveTheFlowsOfARemovedBackendAndNoOthers() {
        try (Node node = new Node(Services.state(Services.udp("10.1.0.1", "10.1.0.2")))) {
            UdpReconciler reconciler = reconciler(node);
            String[] before = new String[40];
            int onTheFirst = 0;
            for (int i = 0; i < before.length; i++) {
                before[i] = target(node, 2000 + i);
                onTheFirst += before[i].equals("10.1.0.1:8080") ? 1 : 0;
            }
            int removed = apply(node, reconciler, Services.udp("10.1.0.2", "10.1.0.3"));

            assertEquals(onTheFirst, removed);
            assertEquals(new UdpReconciler.Totals(2, onTheFirst, 0), reconciler.totals());
            for (int i = 0; i < before.length; i++) {
                String after = target(node, 2000 + i);
                assertTrue(
                        before[i].equals("10.1.0.1:8080") ? !after.equals(before[i]) : after.equals(before[i]),
                        before[i] + " became " + after);
            }
        }
    }

    @Test
    void shouldTranslateAnswersThatAreUnderWayWhenTheirBackendGoes() {
        try (Node node = new Node(Services.state(Services.udp("10.1.0.1")))) {
            UdpReconciler reconciler = reconciler(node);
            target(node, 2000);
            assertEquals(1, apply(node, reconciler, Services.udp("10.1.0.2")));
            assertEquals(0, apply(node, reconciler, Services.udp("10.1.0.2", "10.1.0.3")), "ended once");

            assertEquals("10.96.0.10:80 > 10.1.1.1:2000", answer(node, "10.1.0.1"));
            assertNotEquals("10.1.0.1:8080", target(node, 2000));
            assertEquals("10.1.0.1:8080 > 10.1.1.1:2000", answer(node, "10.1.0.1"), "of no connection");
        }
    }

    private static String answer(Node node, String backend) {
        return Packets.tuple(node.send(Packets.udp(backend, 8080, "10.1.1.1", 2000)));
    }

    @Test
    void shouldMoveFlowsThatCameByNodePort() {
        try (Node node = new Node(Services.state(Services.udp("10.1.0.1")))) {
            UdpReconciler reconciler = reconciler(node);
            assertEquals("10.1.0.1:8080", target(node, 2000, "192.168.0.2", 30080));

            assertEquals(1, apply(node, reconciler, Services.udp("10.1.0.2")));
            assertEquals("10.1.0.2:8080", target(node, 2000, "192.168.0.2", 30080));
        }
    }

    @Test
    void shouldCompareNodePortsWhateverTheAddress() {
        try (Node node = new Node(Services.state(Services.udp("10.1.0.1")))) {
            UdpReconciler reconciler = reconciler(node);
            // An address that NodePorts were open on once, or never: kube-proxy looks at the port alone.
            assertEquals("192.168.0.3:30080", target(node, 2000, "192.168.0.3", 30080));
            assertEquals("192.168.0.3:30081", target(node, 2001, "192.168.0.3", 30081));

            assertEquals(1, apply(node, reconciler, Services.udp("10.1.0.2")));
        }
    }

    @Test
    void shouldKeepFlowsToABackendThatStillServes() {
        try (Node node = new Node(Services.state(Services.udp("10.1.0.1")))) {
            UdpReconciler reconciler = reconciler(node);
            target(node, 2000);

            // It terminates, or the policy is another one: no new flows, but the old ones stay.
            assertEquals(0, apply(node, reconciler, Services.udp("10.1.0.2").withServing("10.1.0.1", "10.1.0.2")));
            assertEquals("10.1.0.1:8080", target(node, 2000));
            assertEquals("10.1.0.2:8080", target(node, 2001));
        }
    }

    @Test
    void shouldLeaveFlowsAloneWhenNothingServes() {
        try (Node node = new Node(Services.state(Services.udp("10.1.0.1")))) {
            UdpReconciler reconciler = reconciler(node);
            target(node, 2000);

            assertEquals(0, apply(node, reconciler, Services.udp()));
            assertEquals("10.1.0.1:8080", target(node, 2000));
        }
    }

    @Test
    void shouldMoveFlowsOlderThanTheService() {
        try (Node node = new Node(Services.state())) {
            UdpReconciler reconciler = reconciler(node);
            assertEquals("10.96.0.10:80", target(node, 2000), "not translated");

            assertEquals(1, apply(node, reconciler, Services.udp("10.1.0.1")));
            assertEquals("10.1.0.1:8080", target(node, 2000));
        }
    }

    @Test
    void shouldServeAClientAtOnceThatWasRejectedBefore() {
        try (Node node = new Node(Services.state(Services.udp()))) {
            UdpReconciler reconciler = reconciler(node);
            assertEquals(
                    "icmp 10.96.0.10 > 10.1.1.1",
                    Packets.tuple(node.send(Packets.udp("10.1.1.1", 2000, "10.96.0.10", 80))));

            apply(node, reconciler, Services.udp("10.1.0.1"));
            assertEquals("10.1.0.1:8080", target(node, 2000));
        }
    }

    @Test
    void shouldKeepAFlowWhenItsServiceIsReplacedByOneWithTheSameBackend() {
        try (Node node = new Node(Services.state(Services.udp("10.1.0.1")))) {
            UdpReconciler reconciler = reconciler(node);
            target(node, 2000);
            Services same = Services.udp("10.1.0.1", "10.1.0.2");
            Services renamed =
                    new Services("dns2", same.protocol(), same.scheduler(), 0, same.chosen(), same.serving());

            assertEquals(0, apply(node, reconciler, renamed));
            assertEquals("10.1.0.1:8080", target(node, 2000));
        }
    }

    @Test
    void shouldNeverTouchTcp() {
        try (Node node = new Node(Services.state(Services.tcp("10.1.0.1"), Services.udp("10.1.0.1")))) {
            UdpReconciler reconciler = reconciler(node);
            node.send(Packets.tcp("10.1.1.1", 2000, "10.96.0.10", 80, 2, 1, 0));

            assertEquals(0, apply(node, reconciler, Services.tcp("10.1.0.2"), Services.udp("10.1.0.2")));
            String tuple = Packets.tuple(node.send(Packets.tcp("10.1.1.1", 2000, "10.96.0.10", 80, 2, 1, 0)));
            assertNotEquals(-1, tuple.indexOf("> 10.1.0.1:8080"), tuple);
        }
    }
}

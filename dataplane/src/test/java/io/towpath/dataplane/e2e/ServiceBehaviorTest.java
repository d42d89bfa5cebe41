package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Plan;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What real clients see of Service features that take time or change: session affinity, long-lived UDP flows. */
@EndToEnd
final class ServiceBehaviorTest {
    private static final InetSocketAddress WEB = Plan.at(Plan.WEB_V4, Plan.WEB_PORT);
    private static final InetSocketAddress NODE_PORT = Plan.at(Plan.NODE_V4, Plan.WEB_NODE_PORT);
    private static final InetSocketAddress ECHO = Plan.at(Plan.ECHO_V4, Plan.ECHO_PORT);
    private static final Duration CHANGE_LIMIT = Duration.ofSeconds(30);
    private static final int ANSWER_LIMIT_MS = 2_000;
    private static final int CONNECTIONS = 40;

    private NetworkRig rig;
    private Namespace client;

    @BeforeEach
    void open() throws Exception {
        rig = NetworkRig.openRunning();
        client = rig.network().client();
    }

    @AfterEach
    void close() {
        if (rig != null) {
            rig.close();
        }
    }

    @Test
    void shouldKeepAClientOnOneBackendOverAllAddressesOfAServiceWithAffinity() throws Exception {
        assertEquals(3, backends(WEB).size(), "without affinity all take part");
        edit("web.yaml", "  type: NodePort\n", "  type: NodePort\n  sessionAffinity: ClientIP\n");
        RealPrograms.await("affinity", CHANGE_LIMIT, () -> backends(WEB).size() == 1);

        Set<String> used = backends(WEB);
        used.addAll(backends(NODE_PORT));
        assertEquals(1, used.size(), used.toString());
    }

    @Test
    void shouldMoveALongLivedUdpFlowWhenItsBackendGoes() throws Exception {
        try (DatagramSocket socket = client.call(() -> new DatagramSocket())) {
            socket.setSoTimeout(ANSWER_LIMIT_MS);
            socket.connect(ECHO);
            String first = exchange(socket);
            assertEquals(first, exchange(socket), "a flow stays where it is");
            int number = first.charAt(first.length() - 1) - '0';
            edit(
                    "echo.yaml",
                    "  - addresses: [" + Plan.host4(number, 2) + "]\n"
                            + "    conditions: {ready: true, serving: true, terminating: false}\n",
                    "");
            RealPrograms.await(
                    "another backend", CHANGE_LIMIT, () -> !exchange(socket).equals(first));

            String second = exchange(socket);
            assertNotEquals(first, second);
            assertEquals(second, exchange(socket));
        }
    }

    @Test
    void shouldKeepAUdpFlowOnATerminatingBackendThatServes() throws Exception {
        try (DatagramSocket socket = client.call(() -> new DatagramSocket())) {
            socket.setSoTimeout(ANSWER_LIMIT_MS);
            socket.connect(ECHO);
            String first = exchange(socket);
            int number = first.charAt(first.length() - 1) - '0';
            String endpoint = "  - addresses: [" + Plan.host4(number, 2) + "]\n    conditions: ";
            edit(
                    "echo.yaml",
                    endpoint + "{ready: true, serving: true, terminating: false}",
                    endpoint + "{ready: false, serving: true, terminating: true}");
            RealPrograms.await(
                    "no new flows to " + first, CHANGE_LIMIT, () -> !newFlows().contains(first));

            assertEquals(first, exchange(socket));
        }
    }

    private Set<String> backends(InetSocketAddress address) throws Exception {
        Set<String> backends = new TreeSet<>();
        for (int i = 0; i < CONNECTIONS; i++) { // a third of them each: 3 * (2/3)^40 = 3e-7 that one is not seen
            backends.add(KeptAliveClient.ask(client, address));
        }
        return backends;
    }

    private Set<String> newFlows() throws Exception {
        Set<String> backends = new TreeSet<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            try (DatagramSocket socket = client.call(() -> new DatagramSocket())) {
                socket.setSoTimeout(ANSWER_LIMIT_MS);
                socket.connect(ECHO);
                backends.add(exchange(socket));
            }
        }
        return backends;
    }

    /** Sends a datagram; returns the name before the echo, or nothing where no answer came. */
    private static String exchange(DatagramSocket socket) throws IOException {
        byte[] payload = "ping".getBytes(StandardCharsets.US_ASCII);
        DatagramPacket answer = new DatagramPacket(new byte[256], 256);
        socket.send(new DatagramPacket(payload, payload.length));
        try {
            socket.receive(answer);
        } catch (SocketTimeoutException e) {
            return "";
        }
        String text = new String(answer.getData(), 0, answer.getLength(), StandardCharsets.US_ASCII);
        return text.substring(0, text.length() - payload.length).strip();
    }

    private void edit(String manifest, String from, String to) throws IOException {
        String yaml = Files.readString(rig.manifests().resolve(manifest));
        assertTrue(yaml.contains(from), from);
        rig.putManifest(manifest, yaml.replace(from, to));
    }
}

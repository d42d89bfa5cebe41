package io.towpath.dataplane.replay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.capture.CaptureException;
import io.towpath.capture.CaptureReader;
import io.towpath.capture.PcapngWriter;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.engine.EngineConfig;
import io.towpath.dataplane.pipeline.Packets;
import io.towpath.wire.Address;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RouterReplayTest {
    private static final String CONFIG = """
            ports:
              - {name: client, tap: tp0, mac: "02:00:00:00:00:02", addresses: [10.0.0.1/24, "fd00::1/64"]}
              - {name: pods, tap: tp1, mac: "02:00:00:00:00:12", addresses: [10.1.0.1/24, "fd01::1/64"]}
            routes:
              - {to: 198.51.100.0/24, via: 10.1.0.9}
            """;
    private static final String OBJECTS = """
            kind: Service
            metadata: {name: web, namespace: shop}
            spec: {clusterIP: 10.96.0.10, ports: [{name: http, port: 80, targetPort: 8080}]}
            ---
            kind: EndpointSlice
            metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            ports: [{name: http, port: 8080}]
            endpoints: [{addresses: [10.1.0.2]}]
            """;

    private static final int SYN = 2;
    private static final int SYN_ACK = 18;
    private static final int ACK = 16;

    @TempDir
    Path folder;

    private Path in;
    private PcapngWriter writer;
    private int frames;

    @BeforeEach
    void newCapture() throws IOException {
        in = folder.resolve("in.pcapng");
        writer = PcapngWriter.create(in);
    }

    /** Appends a frame to the capture, one millisecond after the last. */
    private void capture(String port, byte[] frame) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(frame.length);
            MemorySegment.copy(frame, 0, memory, ValueLayout.JAVA_BYTE, 0, frame.length);
            writer.write(port, 1_000_000L * ++frames, memory, 0, frame.length);
        }
    }

    private static byte[] between(String source, String destination, byte[] frame) {
        byte[] copy = frame.clone();
        System.arraycopy(mac(destination), 0, copy, 0, 6);
        System.arraycopy(mac(source), 0, copy, 6, 6);
        return copy;
    }

    private static byte[] mac(String text) {
        return HexFormat.ofDelimiter(":").parseHex(text);
    }

    private static byte[] arpRequest(String senderMac, String sender, String target) {
        ByteBuffer frame = ByteBuffer.allocate(42);
        frame.put(mac("ff:ff:ff:ff:ff:ff")).put(mac(senderMac)).putShort((short) 0x0806);
        frame.putLong(0x0001_0800_0604_0001L)
                .put(mac(senderMac))
                .putInt(Address.parse(sender).ipv4());
        return frame.put(new byte[6]).putInt(Address.parse(target).ipv4()).array();
    }

    private List<String> replay(String name) throws Exception {
        return replay(name, CONFIG);
    }

    private List<String> replay(String name, String configuration) throws Exception {
        writer.close();
        Path config = Files.writeString(folder.resolve("config.yaml"), configuration);
        Path objects = Files.writeString(folder.resolve("objects.yaml"), OBJECTS);
        Replay.Settings settings = new Replay.Settings("node", ProxyConfig.defaults(), EngineConfig.read(config), 7);
        Replay.Outputs outputs = new Replay.Outputs(folder.resolve(name + ".pcapng"), folder.resolve(name + ".jsonl"));
        try (Replay replay = new Replay(settings, outputs, warning -> {})) {
            replay.step(0, objects, in);
        }
        return Files.readAllLines(outputs.verdicts());
    }

    private List<String> sent(String name) throws IOException {
        List<String> sent = new java.util.ArrayList<>();
        try (CaptureReader reader = CaptureReader.open(folder.resolve(name + ".pcapng"))) {
            while (reader.next()) {
                CaptureReader.Packet packet = reader.packet();
                byte[] data = packet.data();
                boolean arp = data[12] == 8 && data[13] == 6;
                assertTrue(arp || Packets.checksumsValid(data));
                sent.add("%s %d ms %s > %s: %s"
                        .formatted(
                                packet.interfaceName(),
                                packet.timestampNs() / 1_000_000,
                                HexFormat.ofDelimiter(":").formatHex(data, 6, 12),
                                HexFormat.ofDelimiter(":").formatHex(data, 0, 6),
                                arp ? "arp " + data[21] : Packets.tuple(data)));
            }
        }
        return sent;
    }

    private void aConversation() throws IOException {
        String client = "02:00:00:00:00:01";
        String pod = "02:00:00:00:00:22";
        String podSide = "02:00:00:00:00:12";
        capture("client", arpRequest(client, "10.0.0.2", "10.0.0.1"));
        capture("client", Packets.tcp("10.0.0.2", 4000, "10.96.0.10", 80, SYN, 100, 0));
        capture("pods", between(pod, podSide, Packets.tcp("10.1.0.2", 8080, "10.0.0.2", 4000, SYN_ACK, 500, 101)));
        capture("client", Packets.tcp("10.0.0.2", 4000, "10.96.0.10", 80, ACK, 101, 501));
        capture("client", Packets.udp("10.0.0.2", 4000, "10.96.0.10", 81));
        capture("client", Packets.udp("fd00::2", 4000, "fd01::abcd:1", 53));
        capture("client", Packets.udp("10.0.0.2", 4000, "198.51.100.7", 53));
        capture("client", Packets.udp("10.0.0.2", 4000, "192.0.2.1", 53));
        capture("pods", Packets.udp("10.1.0.2", 8080, "10.0.0.2", 4001));
    }

    @Test
    void shouldRouteBetweenThePortsOfTheConfiguration() throws Exception {
        aConversation();

        String forward =
                "{\"step\":0,\"packet\":%d,\"verdict\":\"forward\",\"reason\":\"%s\",\"service\":%s,\"outputs\":[%d]}";
        String web = "\"shop/web:http\",\"backend\":\"10.1.0.2:8080\"";
        String none = "null,\"backend\":null";
        assertEquals(
                List.of(
                        "{\"step\":0,\"packet\":1,\"verdict\":\"reply\",\"reason\":\"arp-reply\",\"service\":" + none
                                + ",\"outputs\":[1]}",
                        forward.formatted(2, "service", web, 2),
                        forward.formatted(3, "service-reply", web, 3),
                        forward.formatted(4, "service", web, 4),
                        "{\"step\":0,\"packet\":5,\"verdict\":\"reject\",\"reason\":\"service-port-unknown\",\"service\":"
                                + none + ",\"outputs\":[5]}",
                        forward.formatted(6, "routed", none, 6),
                        forward.formatted(7, "routed", none, 7),
                        "{\"step\":0,\"packet\":8,\"verdict\":\"reject\",\"reason\":\"no-route\",\"service\":" + none
                                + ",\"outputs\":[8]}",
                        "{\"step\":0,\"packet\":9,\"verdict\":\"drop\",\"reason\":\"frame-not-for-us\",\"service\":"
                                + none + ",\"outputs\":[]}"),
                replay("first"));
        assertEquals(
                List.of(
                        "client 1 ms 02:00:00:00:00:02 > 02:00:00:00:00:01: arp 2",
                        "pods 2 ms 02:00:00:00:00:12 > 02:00:0a:01:00:02: 10.0.0.2:4000 > 10.1.0.2:8080",
                        "client 3 ms 02:00:00:00:00:02 > 02:00:00:00:00:01: 10.96.0.10:80 > 10.0.0.2:4000",
                        "pods 4 ms 02:00:00:00:00:12 > 02:00:00:00:00:22: 10.0.0.2:4000 > 10.1.0.2:8080",
                        "client 5 ms 02:00:00:00:00:02 > 02:00:00:00:00:01: icmp 10.96.0.10 > 10.0.0.2",
                        "pods 6 ms 02:00:00:00:00:12 > 02:00:ab:cd:00:01: [fd00::2]:4000 > [fd01::abcd:1]:53",
                        "pods 7 ms 02:00:00:00:00:12 > 02:00:0a:01:00:09: 10.0.0.2:4000 > 198.51.100.7:53",
                        "client 8 ms 02:00:00:00:00:02 > 02:00:00:00:00:01: icmp 10.0.0.1 > 10.0.0.2"),
                sent("first"));
    }

    @Test
    void shouldGiveTheSameBytesTwiceWithABlockForEveryPort() throws Exception {
        aConversation();
        List<String> verdicts = replay("first");

        assertEquals(verdicts, replay("second"));
        byte[] bytes = Files.readAllBytes(folder.resolve("first.pcapng"));
        assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("second.pcapng")));
        ByteBuffer data = ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        int firstInterface = data.getInt(4);
        int second = firstInterface + data.getInt(firstInterface + 4);
        assertEquals(1, data.getInt(firstInterface));
        assertEquals(1, data.getInt(second));
    }

    @Test
    void shouldTakeAFrameWithoutAnInterfaceNameForTheFirstPorts() throws Exception {
        capture("", Packets.tcp("10.0.0.2", 4000, "10.96.0.10", 80, SYN, 100, 0));

        assertTrue(replay("first").getFirst().contains("\"reason\":\"service\""));
    }

    @Test
    void shouldForwardToMoreNeighborsThanItRemembers() throws Exception {
        for (int n = 0; n < 16_384 + 80; n++) {
            capture("client", Packets.udp("10.0.0.2", 4000, "10.1.%d.%d".formatted(n >> 8, n & 0xFF), 53));
        }
        List<String> verdicts = replay("first", CONFIG.replace("10.1.0.1/24", "10.1.0.1/16"));

        assertEquals(16_384 + 80, verdicts.size());
        assertTrue(verdicts.getLast().contains("routed"), verdicts.getLast());
    }

    @Test
    void shouldNameAnInterfaceThatIsNoPort() throws Exception {
        capture("eth7", Packets.tcp("10.0.0.2", 4000, "10.96.0.10", 80, SYN, 100, 0));

        String message =
                assertThrows(CaptureException.class, () -> replay("first")).getMessage();
        assertTrue(
                message.endsWith(
                        "in.pcapng: packet 1 came in by 'eth7', but the configuration has no such port; it has: client, pods"),
                message);
    }
}

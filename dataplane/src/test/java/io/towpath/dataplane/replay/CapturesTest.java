package io.towpath.dataplane.replay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.towpath.capture.CaptureException;
import io.towpath.capture.CaptureReader;
import io.towpath.dataplane.control.ProxyConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Captures made by others, with Services of whom their clients talk to. What comes out is compared with {@code captures.golden}, a line a
 * capture: name, SHA-256 of the sent frames and the verdict lines, packets by reason. {@code -Dtowpath.golden=write} writes the file anew;
 * the difference is then for a person to judge.
 */
final class CapturesTest {
    private static final Path CAPTURES = Path.of(System.getProperty("towpath.pcaps", "../../shared/pcaps"));
    private static final Path GOLDEN = Path.of("src/test/resources/captures.golden");
    private static final String MASQUERADE = """
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            kind: KubeProxyConfiguration
            nftables: {masqueradeAll: true}
            """;

    @TempDir
    Path folder;

    private record Line(String verdict, String reason, List<Integer> outputs) {}

    private record Played(List<CaptureReader.Packet> packets, List<CaptureReader.Packet> sent, List<Line> lines) {}

    @BeforeAll
    static void capturesAreThere() {
        Assumptions.assumeTrue(
                Files.isDirectory(CAPTURES), "SKIPPED: no captures in " + CAPTURES + " (set -Dtowpath.pcaps)");
    }

    private static List<Path> captures() throws IOException {
        try (Stream<Path> all = Files.list(CAPTURES)) {
            return all.filter(file -> file.toString().matches(".*\\.pcap(ng)?"))
                    .sorted()
                    .toList();
        }
    }

    private static List<CaptureReader.Packet> read(Path file) throws IOException {
        List<CaptureReader.Packet> packets = new ArrayList<>();
        try (CaptureReader reader = CaptureReader.open(file)) {
            while (reader.next()) {
                packets.add(reader.packet());
            }
        } catch (CaptureException e) {
            // The packets before the damage count.
        }
        return packets;
    }

    private Played play(Path file) throws Exception {
        List<CaptureReader.Packet> packets = read(file);
        Path objects = Files.writeString(folder.resolve("objects.yaml"), CaptureServices.manifests(packets));
        Path proxyConfig = Files.writeString(folder.resolve("proxy.yaml"), MASQUERADE);
        Replay.Outputs outputs = new Replay.Outputs(folder.resolve("out.pcapng"), folder.resolve("verdicts.jsonl"));
        ProxyConfig config = ProxyConfig.read(proxyConfig, new ArrayList<>());
        try (Replay replay = new Replay(new Replay.Settings("node", config, null, 7), outputs, warning -> {})) {
            replay.step(0, objects, file);
        } catch (CaptureException e) {
            // As above.
        }
        return new Played(packets, read(outputs.capture()), lines(outputs.verdicts()));
    }

    private static List<Line> lines(Path file) throws IOException {
        List<Line> lines = new ArrayList<>();
        try (JsonParser json = new JsonFactory().createParser(file.toFile())) {
            while (json.nextToken() == JsonToken.START_OBJECT) {
                Map<String, String> texts = new TreeMap<>();
                List<Integer> outputs = new ArrayList<>();
                while (json.nextToken() != JsonToken.END_OBJECT) {
                    String name = json.currentName();
                    if (json.nextToken() != JsonToken.START_ARRAY) {
                        texts.put(name, json.getText());
                        continue;
                    }
                    while (json.nextToken() != JsonToken.END_ARRAY) {
                        outputs.add(json.getIntValue());
                    }
                }
                lines.add(new Line(texts.get("verdict"), texts.get("reason"), outputs));
            }
        }
        return lines;
    }

    private String golden(Path file) throws Exception {
        Played played = play(file);
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        played.sent().forEach(packet -> digest.update(packet.data()));
        digest.update(Files.readAllBytes(folder.resolve("verdicts.jsonl")));
        String reasons = played.lines().stream()
                .collect(Collectors.groupingBy(Line::reason, TreeMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(" "));
        return "%s\t%s\t%s".formatted(file.getFileName(), HexFormat.of().formatHex(digest.digest()), reasons);
    }

    @Test
    void shouldDoWithEveryCaptureWhatItDidBefore() throws Exception {
        List<String> lines = new ArrayList<>();
        for (Path file : captures()) {
            lines.add(golden(file));
        }
        if (System.getProperty("towpath.golden", "").equals("write")) {
            Files.write(GOLDEN, lines);
        }
        assertEquals(
                String.join("\n", Files.readAllLines(GOLDEN)),
                String.join("\n", lines),
                "a capture's frames or verdicts changed; if that is meant: -Dtowpath.golden=write");
    }

    @Test
    void shouldSettleEveryPacketTheSameWayTwice() throws Exception {
        for (Path file : captures()) {
            Played first = play(file);
            byte[] bytes = Files.readAllBytes(folder.resolve("out.pcapng"));

            assertEquals(first.packets().size(), first.lines().size(), file.toString());
            assertEquals(first.lines(), play(file).lines(), file.toString());
            assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("out.pcapng")), file.toString());
        }
    }

    @Test
    void shouldNeitherBreakNorMendAChecksum() throws Exception {
        int translated = 0;
        int wrong = 0;
        for (Path file : captures()) {
            Played played = play(file);
            boolean service = false;
            for (int i = 0; i < played.lines().size(); i++) {
                Line line = played.lines().get(i);
                for (int output : line.outputs()) {
                    FrameSums after = FrameSums.of(played.sent().get(output - 1).data());
                    String where = file.getFileName() + " packet " + (i + 1) + " " + line;
                    if (line.verdict().equals("forward")) {
                        FrameSums before = FrameSums.of(played.packets().get(i).data());
                        assertSame(before, after, where);
                        service |= line.reason().equals("service");
                        wrong += line.reason().equals("service") && before != null && !before.isRight() ? 1 : 0;
                    } else {
                        assertTrue(after.isRight(), where);
                    }
                }
            }
            translated += service ? 1 : 0;
        }
        assertTrue(translated >= 20, translated + " captures with a translated packet");
        assertTrue(wrong >= 3, wrong + " translated packets with a wrong checksum");
    }

    /** What cannot be summed before (raw IP, no IP packet, fragments) is compared elsewhere or not translated. */
    private static void assertSame(FrameSums before, FrameSums after, String where) {
        if (before != null) {
            assertEquals(before.header(), after.header(), where);
            assertEquals(before.transport(), after.transport(), where);
        }
    }
}

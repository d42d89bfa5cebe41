package io.towpath.dataplane.replay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.capture.CaptureException;
import io.towpath.capture.CaptureReader;
import io.towpath.dataplane.control.ProxyConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Captures made by others: every packet ends with a verdict, and a second replay gives the same bytes. */
final class CapturesTest {
    private static final Path CAPTURES = Path.of(System.getProperty("towpath.pcaps", "../../shared/pcaps"));

    @TempDir
    Path folder;

    @Test
    void shouldSettleEveryPacketTheSameWayTwice() throws Exception {
        Assumptions.assumeTrue(
                Files.isDirectory(CAPTURES), "SKIPPED: no captures in " + CAPTURES + " (set -Dtowpath.pcaps)");
        Path objects = Files.writeString(
                folder.resolve("objects.yaml"),
                "apiVersion: v1\nkind: Node\nmetadata: {name: node}\n"
                        + "status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}\n");
        List<Path> files;
        try (Stream<Path> all = Files.list(CAPTURES)) {
            files = all.filter(
                            f -> f.toString().endsWith(".pcap") || f.toString().endsWith(".pcapng"))
                    .sorted()
                    .toList();
        }
        for (Path file : files) {
            long packets = count(file);
            byte[] first = play(objects, file, "first");
            assertEquals(
                    packets,
                    Files.readAllLines(folder.resolve("first.jsonl")).stream()
                            .filter(l -> !l.isBlank())
                            .count(),
                    file.toString());
            assertArrayEquals(first, play(objects, file, "second"), file.toString());
        }
    }

    private long count(Path file) throws IOException {
        long packets = 0;
        try (CaptureReader reader = CaptureReader.open(file)) {
            while (reader.next()) {
                packets++;
            }
        } catch (CaptureException e) {
            // The packets before the damage count.
        }
        return packets;
    }

    private byte[] play(Path objects, Path file, String name) throws Exception {
        Replay.Outputs outputs = new Replay.Outputs(folder.resolve(name + ".pcapng"), folder.resolve(name + ".jsonl"));
        try (Replay replay =
                new Replay(new Replay.Settings("node", ProxyConfig.defaults(), null, 7), outputs, warning -> {})) {
            replay.step(0, objects, file);
        } catch (CaptureException e) {
            // As above.
        }
        return Files.readAllBytes(outputs.capture());
    }
}

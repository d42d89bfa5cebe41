package io.towpath.dataplane.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code towpath check} of a copy of a bundled case. */
final class CheckCommandTest {
    private static final Path BUNDLED = Path.of("src/main/resources/vectors/udp/v4-dnat");

    private final StringWriter errors = new StringWriter();
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();

    @TempDir
    Path tree;

    private Path folder;

    @BeforeEach
    void copyACase() throws IOException {
        folder = Files.createDirectory(tree.resolve("bug"));
        try (Stream<Path> files = Files.list(BUNDLED)) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName().toString()));
            }
        }
    }

    private int run(Object... arguments) {
        PrintStream before = System.out;
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        try {
            String[] texts = Stream.of(arguments).map(Object::toString).toArray(String[]::new);
            return Main.commandLine().setErr(new PrintWriter(errors, true)).execute(texts);
        } finally {
            System.setOut(before);
        }
    }

    private String output() {
        return output.toString(StandardCharsets.UTF_8);
    }

    private void assertRefused(String text, Object... arguments) {
        assertEquals(ExitCode.USAGE, run(arguments));
        assertTrue(errors.toString().contains(text), errors.toString());
        assertEquals(1, errors.toString().lines().count(), errors.toString());
    }

    @Test
    void shouldPassACaseOfATree() {
        assertEquals(ExitCode.OK, run("check", tree));

        assertTrue(output().contains(folder + "  pass"), output());
        assertTrue(output().endsWith("1 cases, 0 failed" + System.lineSeparator()), output());
    }

    @Test
    void shouldNameTheFirstFieldThatDiffersAndEveryCounter() throws IOException {
        Path expected = folder.resolve("expected.pcapng");
        byte[] bytes = Files.readAllBytes(expected);
        int frame = indexOf(bytes, new byte[] {10, 1, 0, 9, 10, 1, 0, 2});
        bytes[frame - 4]++; // TTL
        Files.write(expected, bytes);
        Files.writeString(folder.resolve("counters.yaml"), "service: 5\nrouted: 1\n");

        assertEquals(ExitCode.FAILURE, run("check", folder, "--output", "json"));

        String difference = "frame 1 of 9: IPv4 TTL: expected 64, got 63 (expected UDP 10.1.0.9:4000 > 10.1.0.2:5353 on"
                + " pods, got UDP 10.1.0.9:4000 > 10.1.0.2:5353 on pods); counter routed: expected 1, got 0;"
                + " counter service-reply: expected 0, got 4";
        assertEquals(
                "{\"cases\":[{\"case\":\"%s\",\"result\":\"FAIL\",\"differences\":\"%s\"}]}"
                        .formatted(folder, difference),
                output().strip());
    }

    private static int indexOf(byte[] bytes, byte[] wanted) {
        for (int i = 0; i + wanted.length <= bytes.length; i++) {
            if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
                return i;
            }
        }
        throw new AssertionError("not there");
    }

    @Test
    void shouldNameFramesThatAreMissingOrTooMany() throws IOException {
        Path expected = folder.resolve("expected.pcapng");
        byte[] bytes = Files.readAllBytes(expected);
        int lastBlock = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(bytes.length - 4);
        byte[] fewer = Arrays.copyOf(bytes, bytes.length - lastBlock);
        byte[] more = Arrays.copyOf(bytes, bytes.length + lastBlock);
        System.arraycopy(bytes, bytes.length - lastBlock, more, bytes.length, lastBlock);

        Files.write(expected, fewer);
        assertEquals(ExitCode.FAILURE, run("check", folder));
        Files.write(expected, more);
        assertEquals(ExitCode.FAILURE, run("check", folder));

        String frame = "UDP 10.1.0.9:4000 > 10.1.0.2:5353 on pods";
        assertTrue(output().contains("frame 9 of 9 was not expected: " + frame), output());
        assertTrue(output().contains("frame 10 of 10 was not sent: " + frame), output());
    }

    @Test
    void shouldWriteWhatTheEngineDoesJustAsTheBuilderDid() throws IOException {
        Files.delete(folder.resolve("expected.pcapng"));
        Files.delete(folder.resolve("counters.yaml"));

        assertEquals(ExitCode.OK, run("check", "--write", folder));
        assertEquals(ExitCode.OK, run("check", folder));
        for (String name : List.of("expected.pcapng", "counters.yaml")) {
            assertArrayEquals(
                    Files.readAllBytes(BUNDLED.resolve(name)), Files.readAllBytes(folder.resolve(name)), name);
        }
    }

    @Test
    void shouldPlayACaseOfANodeStepByStep() throws IOException {
        Files.delete(folder.resolve("config.yaml"));
        Files.writeString(
                folder.resolve("case.yaml"),
                "title: x\nseed: 3\nsteps:\n- {capture: input.pcapng}\n- {objects: none.yaml, capture: input.pcapng}\n");
        Files.writeString(folder.resolve("none.yaml"), "");

        assertEquals(ExitCode.OK, run("check", "--update", folder));
        assertEquals(ExitCode.OK, run("check", folder));
        assertEquals(List.of("service: 10", "service-reply: 8"), Files.readAllLines(folder.resolve("counters.yaml")));
    }

    @Test
    void shouldRefuseAFolderThatIsNoCaseWithOneLine() {
        assertRefused("no case.yaml in here", "check", Path.of("src/main/java"));
    }

    @Test
    void shouldRefuseAFolderThatIsNotThereWithOneLine() {
        assertRefused("nowhere: no such folder", "check", tree.resolve("nowhere"));
    }

    @Test
    void shouldRefuseACaseWithoutExpectationsWithOneLine() throws IOException {
        Files.delete(folder.resolve("counters.yaml"));

        assertRefused(
                "counters.yaml: is not there; 'towpath check --write' writes what the engine does", "check", folder);
    }

    @Test
    void shouldRefuseAReasonThatDoesNotExistWithOneLine() throws IOException {
        Files.writeString(folder.resolve("counters.yaml"), "servcie: 5\n");

        assertRefused("counters.yaml:1: .servcie: a reason of docs/counters.md was expected", "check", folder);
    }

    @Test
    void shouldRefuseFieldsAndFilesThatDoNotExistWithOneLine() throws IOException {
        Files.writeString(folder.resolve("case.yaml"), "title: x\nmode: bridge\nsteps: [{objects: none.yaml}]\n");

        assertRefused(
                "case.yaml:2: case.mode: node or router was expected, found \"bridge\" (and 1 more)", "check", folder);
    }

    @Test
    void shouldRefuseADamagedCaptureWithOneLine() throws IOException {
        Files.write(folder.resolve("input.pcapng"), new byte[] {1, 2, 3, 4});

        assertRefused("input.pcapng: no capture file", "check", folder);
    }

    @Test
    void shouldPrintTheRequirementsAsJson() {
        assertEquals(ExitCode.OK, run("selftest", "--rfc", "--output", "json"));

        assertTrue(
                output().startsWith(
                                "{\"requirements\":[{\"requirement\":\"RFC 4787 REQ-1\",\"result\":\"by design not\""),
                output());
        assertTrue(!output().contains("\"result\":\"fail\""), output());
    }
}

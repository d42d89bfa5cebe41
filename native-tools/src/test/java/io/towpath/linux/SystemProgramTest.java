package io.towpath.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class SystemProgramTest {
    private static final int NEVER_MS = 3_600_000;

    private static String shell(String script, String input, long timeoutMs) {
        return SystemProgram.run(List.of("sh", "-c", script), input, "dash", timeoutMs);
    }

    @Test
    void shouldReturnWhatTheProgramPrintedOfWhatItRead() {
        String large = "line\n".repeat(100_000); // more than its pipes hold

        assertEquals(large.strip(), shell("cat", large, NEVER_MS));
    }

    @Test
    void shouldThrowWithTheMessageOfAProgramThatFailed() {
        var e = assertThrows(LinuxException.class, () -> shell("echo no such table >&2; exit 3", "", NEVER_MS));

        assertTrue(e.getMessage().endsWith(": no such table"), e.getMessage());
    }

    @Test
    void shouldEndAProgramThatDoesNotEndItself() throws Exception {
        var e = assertThrows(LinuxException.class, () -> shell("sleep 3613; echo late", "", 500));

        assertTrue(e.getMessage().endsWith("no end in 500 ms"), e.getMessage());
        assertEnds("sleep 3613");
    }

    @Test
    void shouldEndAProgramThatReadsNothingOfALongInput() throws Exception {
        assertThrows(LinuxException.class, () -> shell("sleep 3614", "x".repeat(1_000_000), 500));

        assertEnds("sleep 3614");
    }

    @Test
    void shouldEndTheProgramWhenInterrupted() throws Exception {
        Thread.currentThread().interrupt();
        assertThrows(LinuxException.class, () -> shell("sleep 3615", "", NEVER_MS));

        assertTrue(Thread.interrupted());
        assertEnds("sleep 3615");
    }

    private static void assertEnds(String script) throws Exception {
        for (ProcessHandle process : ProcessHandle.current().descendants().toList()) {
            if (process.info().commandLine().orElse("").contains(script)) {
                process.onExit().get(10, TimeUnit.SECONDS);
            }
        }
    }
}

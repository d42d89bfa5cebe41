package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The times in entries are of a clock that must be the same for the next process. */
final class SharedClockTest {
    @Test
    void shouldReadAClockThatAllProcessesShare() throws IOException {
        double uptimeS =
                Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
        double nowS = System.nanoTime() / 1e9;

        assertTrue(nowS > 0 && nowS < uptimeS + 1, nowS + " s, up for " + uptimeS + " s"); // it stands still in a sleep
    }
}

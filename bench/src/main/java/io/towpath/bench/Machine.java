package io.towpath.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * Where a measurement was taken.
 *
 * @param load the load average of a minute: before, and after
 */
public record Machine(String cpu, int cores, String kernel, String jdk, String load, String date) {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final Path OWN_STATUS = Path.of("/proc/self/status");
    private static final Path MEMORY_INFO = Path.of("/proc/meminfo");

    /** Returns this machine, with the load so far. */
    public static Machine now() throws IOException {
        return new Machine(
                field(CPU_INFO, "model name"),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.version"),
                System.getProperty("java.runtime.version"),
                loadAverage(),
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    }

    /** Returns the same with the load of now beside that of before. */
    public Machine withLoadAfter() throws IOException {
        return new Machine(cpu, cores, kernel, jdk, load + " to " + loadAverage(), date);
    }

    private static String loadAverage() throws IOException {
        String all = Files.readString(Path.of("/proc/loadavg"));
        return all.substring(0, all.indexOf(' '));
    }

    /** Returns how many bytes new programs can have without swapping. */
    public static long availableBytes() throws IOException {
        return bytes(MEMORY_INFO, "MemAvailable");
    }

    /** Returns how many bytes this process has in memory; huge pages are among them. */
    public static long residentBytes() throws IOException {
        return bytes(OWN_STATUS, "VmRSS");
    }

    private static long bytes(Path file, String name) throws IOException {
        String field = field(file, name);
        return Long.parseLong(field.substring(0, field.indexOf(' '))) * 1024;
    }

    /** Returns the value of a {@code name: value} line. */
    private static String field(Path file, String name) throws IOException {
        try (var lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        }
    }
}

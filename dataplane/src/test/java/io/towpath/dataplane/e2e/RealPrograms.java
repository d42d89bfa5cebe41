package io.towpath.dataplane.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Programs;
import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Real programs, in a namespace or not, with a time limit. */
public final class RealPrograms {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private RealPrograms() {}

    /** Runs a program in a namespace; it must succeed. Returns what it printed. */
    static String in(Namespace namespace, String... program) throws Exception {
        Programs.Result result = Programs.run(LIMIT, namespace.command(program));
        assertEquals(0, result.exitCode(), () -> String.join(" ", program) + ": " + result.errors());

        return result.output();
    }

    /** Runs a program; it must succeed. */
    static String run(String... program) throws Exception {
        Programs.Result result = Programs.run(LIMIT, List.of(program));
        assertEquals(0, result.exitCode(), () -> String.join(" ", program) + ": " + result.errors());

        return result.output();
    }

    /** Runs a towpath command to its end. */
    static Programs.Result towpath(String... arguments) throws Exception {
        return Programs.towpath(LIMIT, arguments);
    }

    /** Runs a towpath command that must succeed. */
    static String towpathOutput(String... arguments) throws Exception {
        Programs.Result result = towpath(arguments);
        assertEquals(0, result.exitCode(), () -> "towpath " + String.join(" ", arguments) + ": " + result.errors());

        return result.output();
    }

    /** A towpath command failed as it should: with this exit code and one line on stderr that holds the text. */
    static void assertOneLine(Programs.Result result, int exitCode, String text) {
        String errors = result.errors().strip();
        assertEquals(exitCode, result.exitCode(), errors);
        assertEquals(1, errors.lines().count(), errors);
        if (!errors.contains(text)) {
            assertEquals(text, errors, "the message should hold the text");
        }
    }

    /**
     * Namespaces, devices of this namespace and folders of one run, which it must not leave behind. Others may come and go meanwhile: those
     * of other runs on this machine.
     *
     * @param id the run's: a network's, or the process id of a demo or a lab
     */
    static Set<String> leftoversOf(String id) throws IOException {
        Pattern names = Pattern.compile("(towpath-|tp|demo-|lab-)" + id + "(?!\\d|x\\d).*");
        Set<String> found = new TreeSet<>();
        for (String folder : List.of("/run/netns", "/sys/class/net", "/run/towpath", "/tmp")) {
            Path path = Path.of(folder);
            if (Files.isDirectory(path)) {
                try (Stream<Path> files = Files.list(path)) {
                    files.filter(file ->
                                    names.matcher(file.getFileName().toString()).matches())
                            .map(Path::toString)
                            .forEach(found::add);
                }
            }
        }

        return found;
    }

    /**
     * Returns a TCP port of this host for a server that starts later: outside of the range that clients are given ports of
     * (ip_local_port_range, 32768 on), so that none gets it meanwhile.
     */
    static int unusedPort() throws IOException {
        while (true) {
            try (var socket = new ServerSocket(ThreadLocalRandom.current().nextInt(20_000, 30_000))) {
                return socket.getLocalPort();
            } catch (BindException _) {
                // taken: another
            }
        }
    }

    /** Waits for something that another process does; polls, as there is nothing to wait on. */
    public static void await(String what, Duration limit, Condition condition) throws Exception {
        long endNs = System.nanoTime() + limit.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > endNs) {
                throw new AssertionError(what + ": not within " + limit.toSeconds() + " s");
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /** A question to ask again and again. */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws Exception;
    }
}

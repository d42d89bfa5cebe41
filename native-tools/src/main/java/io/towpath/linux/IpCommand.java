package io.towpath.linux;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs iproute2's {@code ip}: set-up only. */
public final class IpCommand {
    private static final long TIMEOUT_S = 20;

    private IpCommand() {}

    /**
     * Runs {@code ip} with arguments and returns what it printed.
     *
     * @throws LinuxException with its message if it fails
     */
    public static String run(String... arguments) {
        return run("", arguments);
    }

    private static String run(String input, String... arguments) {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        String text = String.join(" ", command);
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            try (Writer writer = process.outputWriter(StandardCharsets.UTF_8)) {
                writer.write(input);
            }
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(TIMEOUT_S, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new LinuxException(text + ": no end in " + TIMEOUT_S + " s");
            }
            if (process.exitValue() != 0) {
                throw new LinuxException(text + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new LinuxException("cannot run ip, install iproute2: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LinuxException(text + ": interrupted");
        }
    }

    /**
     * Runs several commands in one process, inside a network namespace if {@code netns} is not null; the first that fails ends it.
     *
     * @throws LinuxException with its message in one line, and the commands, if one fails
     */
    public static void batch(String netns, List<String> commands) {
        try {
            String[] arguments =
                    netns == null ? new String[] {"-batch", "-"} : new String[] {"-n", netns, "-batch", "-"};
            run(String.join("\n", commands) + "\n", arguments);
        } catch (LinuxException e) {
            throw new LinuxException(e.getMessage().replace('\n', ';') + " (" + String.join("; ", commands) + ")");
        }
    }

    /** As {@link #run}, with the arguments in one string, inside a network namespace if {@code netns} is not null. */
    public static String in(String netns, String arguments) {
        String all = netns == null ? arguments : "-n " + netns + " " + arguments; // options come first
        return run(all.split(" "));
    }
}

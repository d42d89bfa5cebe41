package io.towpath.linux;

import java.util.ArrayList;
import java.util.List;

/** Runs iproute2's {@code ip}: set-up only. */
public final class IpCommand {
    private static final String PACKAGE = "iproute2";

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
        return SystemProgram.run(command, input, PACKAGE);
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

    /**
     * Runs commands, one a line without the leading {@code ip}, in one process, which ends at the first that fails.
     *
     * @param ipv6 the family of those that do not say it
     */
    public static void batch(boolean ipv6, List<String> commands) {
        if (!commands.isEmpty()) {
            SystemProgram.run(
                    List.of("ip", ipv6 ? "-6" : "-4", "-batch", "-"), String.join("\n", commands) + "\n", PACKAGE);
        }
    }
}

package io.towpath.dataplane.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point: {@code towpath COMMAND}. */
@Command(
        name = "towpath",
        mixinStandardHelpOptions = true,
        version = "towpath 0.1.0",
        description = "A Kubernetes Service data plane in user space.",
        subcommands = {
            RunCommand.class,
            ReplayCommand.class,
            CountersCommand.class,
            ServiceCommand.class,
            ConntrackCommand.class
        })
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /** Runs a command and returns its exit code. */
    static int run(String... arguments) {
        CommandLine commandLine = new CommandLine(new Main());
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setExecutionExceptionHandler((exception, command, result) -> {
            if (exception instanceof CliException known) {
                System.err.println("towpath " + command.getCommandName() + ": " + known.getMessage());
                return known.exitCode();
            }
            throw exception;
        });
        commandLine.setExecutionStrategy(new CommandLine.RunLast());
        if (arguments.length == 0) {
            commandLine.usage(System.err);
            return 2;
        }
        return commandLine.execute(arguments);
    }
}

package io.towpath.dataplane.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The {@code towpath} program. */
@Command(
        name = "towpath",
        mixinStandardHelpOptions = true,
        version = "towpath 0.1.0-SNAPSHOT",
        description = "A Kubernetes Service data plane on native memory.",
        subcommands = {
            DemoCommand.class,
            RunCommand.class,
            NodeCommand.class,
            LabCommand.class,
            ReplayCommand.class,
            CheckCommand.class,
            SelftestCommand.class,
            CountersCommand.class,
            ServiceCommand.class,
            ConntrackCommand.class
        },
        footer = {"", "Started by ./towpath: 'towpath build' builds, 'towpath test' runs all tests."})
public final class Main implements Runnable {
    @Spec
    private CommandSpec spec;

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /** All commands; bad usage and failures end in one line on stderr. */
    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setParameterExceptionHandler(Main::onBadUsage)
                .setExecutionExceptionHandler(Main::onFailure)
                .setCaseInsensitiveEnumValuesAllowed(true);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    private static int onBadUsage(ParameterException e, String[] arguments) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        say(e.getCommandLine(), "%s: %s (see '%s --help')".formatted(command, e.getMessage(), command));

        return ExitCode.USAGE;
    }

    private static int onFailure(Exception e, CommandLine line, ParseResult result) {
        String command = line.getCommandSpec().qualifiedName();
        if (e instanceof CliException known) {
            String message = known.getMessage();
            say(line, message.startsWith(command) ? message : command + ": " + message);

            return known.exitCode();
        }
        say(line, command + ": " + e);
        e.printStackTrace(line.getErr());

        return ExitCode.FAILURE;
    }

    private static void say(CommandLine line, String message) {
        PrintWriter err = line.getErr();
        err.println(message);
        err.flush();
    }
}

package io.towpath.dataplane.cli;

import io.towpath.dataplane.demo.Demo;
import io.towpath.dataplane.demo.DemoException;
import io.towpath.dataplane.demo.DemoOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code towpath demo}. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = {
            "Sends real traffic through Services on this machine.",
            "Makes network namespaces for a client and three backends, starts the engine between them with the manifests"
                    + " under examples/, sends HTTP, bulk TCP and UDP through the Services' addresses and prints what"
                    + " happened. Removes everything again. Needs root."
        })
final class DemoCommand implements Callable<Integer> {
    /** How results are printed. */
    enum Output {
        TEXT,
        JSON
    }

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--requests",
            paramLabel = "N",
            defaultValue = "20000",
            description = "HTTP requests to send (default: ${DEFAULT-VALUE}).")
    private int requests;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "3",
            description = "Seconds for the bulk TCP stream and for iperf3 (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--keep",
            description = "Leave the network up after the traffic and print commands to try, until Ctrl-C.")
    private boolean keep;

    @Option(names = "--output", defaultValue = "text", description = "text or json (default: ${DEFAULT-VALUE}).")
    private Output output;

    @Override
    public Integer call() throws Exception {
        requireAtLeastOne("--requests", requests);
        requireAtLeastOne("--seconds", seconds);
        try {
            boolean passed = Demo.run(new DemoOptions(requests, seconds, keep, output == Output.JSON));

            return passed ? ExitCode.OK : ExitCode.FAILURE;
        } catch (DemoException e) {
            throw new CliException(ExitCode.FAILURE, e.getMessage());
        }
    }

    private void requireAtLeastOne(String option, int value) {
        if (value < 1) {
            throw new ParameterException(spec.commandLine(), option + " must be 1 or more: " + value);
        }
    }
}

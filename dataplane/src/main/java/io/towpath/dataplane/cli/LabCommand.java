package io.towpath.dataplane.cli;

import io.towpath.dataplane.demo.DemoException;
import io.towpath.dataplane.lab.Lab;
import io.towpath.dataplane.lab.LabRuns;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code towpath lab}. */
@Command(
        name = "lab",
        mixinStandardHelpOptions = true,
        description = {
            "Two nodes with pods, an underlay and an external client, as network namespaces of this machine.",
            "test makes a lab, sends traffic over every path, prints what each backend saw and removes the lab; up makes one that"
                    + " stays until Ctrl-C; down ends those that are up and removes what killed ones left. Needs root."
        })
final class LabCommand implements Callable<Integer> {
    /** What to do. */
    enum Action {
        UP,
        TEST,
        DOWN
    }

    @Parameters(paramLabel = "up|test|down", description = "What to do.")
    private Action action;

    @Option(
            names = "--proxy",
            defaultValue = "towpath",
            description =
                    "Who proxies Services: towpath, or nftables rules as kube-proxy lays them out (default: ${DEFAULT-VALUE}).")
    private Lab.Proxy proxy;

    @Override
    public Integer call() throws Exception {
        try {
            switch (action) {
                case UP -> LabRuns.up(proxy);
                case DOWN -> LabRuns.down();
                case TEST -> {
                    if (!LabRuns.test(proxy, new PrintStream(System.out, true, StandardCharsets.UTF_8))) {
                        return ExitCode.FAILURE;
                    }
                }
            }
            return ExitCode.OK;
        } catch (DemoException e) {
            throw new CliException(ExitCode.FAILURE, e.getMessage());
        }
    }
}

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
            "test makes a lab, sends traffic over every path, prints what each backend saw and removes the lab; load sends"
                    + " requests over every path while backends come and go each second; up makes a lab that stays until"
                    + " Ctrl-C; down ends those that are up and removes what killed ones left. Needs root."
        })
final class LabCommand implements Callable<Integer> {
    /** What to do. */
    enum Action {
        UP,
        TEST,
        LOAD,
        DOWN
    }

    @Parameters(paramLabel = "up|test|load|down", description = "What to do.")
    private Action action;

    @Option(
            names = "--proxy",
            defaultValue = "towpath",
            description =
                    "Who proxies Services: towpath, or nftables rules as kube-proxy lays them out (default: ${DEFAULT-VALUE}).")
    private Lab.Proxy proxy;

    @Option(
            names = "--requests",
            defaultValue = "20000",
            description = "How many requests load sends, 1000 each second (default: ${DEFAULT-VALUE}).")
    private int requests;

    @Override
    public Integer call() throws Exception {
        try {
            PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
            boolean isGood = true;
            switch (action) {
                case UP -> LabRuns.up(proxy);
                case DOWN -> LabRuns.down();
                case TEST -> isGood = LabRuns.test(proxy, out);
                case LOAD -> {
                    if (proxy != Lab.Proxy.TOWPATH) {
                        throw new CliException(ExitCode.USAGE, "load changes manifests, which the rules do not follow");
                    }
                    isGood = LabRuns.load(requests, out);
                }
            }
            return isGood ? ExitCode.OK : ExitCode.FAILURE;
        } catch (DemoException e) {
            throw new CliException(ExitCode.FAILURE, e.getMessage());
        }
    }
}

package io.towpath.dataplane.cli;

import io.towpath.capture.CaptureException;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.engine.EngineConfig;
import io.towpath.dataplane.model.IoFailure;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.replay.Replay;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code towpath replay}. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        description =
                "Plays captures through the engine: a node with one port or, with --config, a router. The same input gives the same output, byte by byte.")
final class ReplayCommand implements Callable<Integer> {
    @Option(names = "--node-name", defaultValue = "node", description = "Name of the Node object that is this node.")
    private String nodeName;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description =
                    "Router mode: ports, addresses and routes as for 'towpath run'. A frame comes in by the port that"
                            + " has its interface's name (the first port where the capture has no names). Neighbors have the MAC"
                            + " addresses that the capture shows of them, else made-up ones.")
    private Path config;

    @Option(names = "--proxy-config", paramLabel = "FILE", description = "KubeProxyConfiguration.")
    private Path proxyConfig;

    @Option(names = "--seed", defaultValue = "1", description = "Seed of all choices (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--step",
            required = true,
            paramLabel = "OBJECTS:CAPTURE",
            description =
                    "Manifest with the objects, then pcap or pcapng file to play with them. Repeat for more steps.")
    private List<String> steps;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "pcapng file for what is sent.")
    private Path out;

    @Option(names = "--verdicts", required = true, paramLabel = "FILE", description = "JSON lines, one a packet.")
    private Path verdicts;

    @Override
    public Integer call() {
        try {
            Replay.Outputs outputs = new Replay.Outputs(out, verdicts);
            try (Replay replay = new Replay(settings(), outputs, ReplayCommand::warn)) {
                for (int i = 0; i < steps.size(); i++) {
                    String step = steps.get(i);
                    int colon = step.lastIndexOf(':');
                    if (colon < 1) {
                        throw new CliException(ExitCode.USAGE, "--step " + step + ": OBJECTS:CAPTURE was expected");
                    }
                    replay.step(i, readable(step.substring(0, colon)), readable(step.substring(colon + 1)));
                }
            }
            return 0;
        } catch (ManifestException | CaptureException e) {
            throw new CliException(ExitCode.USAGE, e.getMessage());
        } catch (IOException e) {
            throw new CliException(ExitCode.FAILURE, "cannot read or write: " + IoFailure.text(e));
        } catch (UncheckedIOException e) {
            throw new CliException(ExitCode.FAILURE, "cannot read or write: " + IoFailure.text(e.getCause()));
        }
    }

    private Replay.Settings settings() throws ManifestException {
        if (config == null) {
            List<String> warnings = new ArrayList<>();
            ProxyConfig proxy = proxyConfig == null ? ProxyConfig.defaults() : ProxyConfig.read(proxyConfig, warnings);
            warnings.forEach(ReplayCommand::warn);
            return new Replay.Settings(nodeName, proxy, null, seed);
        }
        EngineConfig router = EngineConfig.read(config);
        ProxyConfig proxy = RunCommand.proxyConfig(proxyConfig, router, System.err::println);
        return new Replay.Settings(nodeName, proxy, router, seed);
    }

    private static Path readable(String name) {
        Path file = Path.of(name);
        if (!Files.isReadable(file) || Files.isDirectory(file)) {
            String why = Files.isDirectory(file)
                    ? "it is a directory"
                    : Files.exists(file) ? "permission denied" : "no such file or directory";
            throw new CliException(ExitCode.USAGE, "cannot read " + file + ": " + why);
        }
        return file;
    }

    private static void warn(String warning) {
        System.err.println("warning: " + warning);
    }
}

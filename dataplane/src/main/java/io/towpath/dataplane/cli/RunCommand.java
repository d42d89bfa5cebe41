package io.towpath.dataplane.cli;

import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.engine.Engine;
import io.towpath.dataplane.engine.EngineConfig;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.linux.LinuxException;
import io.towpath.maps.MapException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code towpath run}. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Runs the engine as a router between TAP devices until SIGTERM or Ctrl-C.")
final class RunCommand implements Callable<Integer> {
    @Option(names = "--config", required = true, paramLabel = "FILE", description = "Ports, addresses, routes.")
    private Path config;

    @Option(
            names = "--manifests",
            paramLabel = "DIR",
            description = "Directory of Service and EndpointSlice manifests, followed as it changes.")
    private Path manifests;

    @Option(names = "--proxy-config", paramLabel = "FILE", description = "KubeProxyConfiguration.")
    private Path proxyConfig;

    @Override
    public Integer call() {
        try {
            EngineConfig engineConfig = EngineConfig.read(config);
            Path directory = manifests != null ? manifests : engineConfig.manifests();
            if (directory != null && !Files.isDirectory(directory)) {
                throw new CliException(ExitCode.USAGE, "--manifests " + directory + ": no such directory");
            }
            return run(engineConfig, proxyConfig(proxyConfig, engineConfig, RunCommand::say), directory);
        } catch (ManifestException e) {
            throw new CliException(ExitCode.USAGE, e.getMessage());
        } catch (IOException e) {
            throw new CliException(ExitCode.FAILURE, "cannot read or write: " + e.getMessage());
        } catch (LinuxException | MapException | IllegalArgumentException e) {
            throw new CliException(ExitCode.FAILURE, e.getMessage());
        }
    }

    /**
     * Reads the KubeProxyConfiguration that goes with a configuration.
     *
     * @param option file that goes before the configuration's own, null where there is none
     */
    static ProxyConfig proxyConfig(Path option, EngineConfig engineConfig, Consumer<String> log)
            throws ManifestException {
        Path file = option != null ? option : engineConfig.proxyConfig();
        List<String> warnings = new ArrayList<>();
        ProxyConfig read = file == null ? ProxyConfig.defaults() : ProxyConfig.read(file, warnings);
        warnings.forEach(warning -> log.accept("warning: " + warning));
        return engineConfig.clusterCidrs().isEmpty() ? read : read.withClusterCidrs(engineConfig.clusterCidrs());
    }

    private static int run(EngineConfig config, ProxyConfig proxyConfig, Path manifests) throws IOException {
        RunEnd end = new RunEnd();
        // Before the engine is made, which may take long: a signal then ends it as soon as it is there, and nothing is
        // left behind.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> end.onShutdown().ifPresent(Runtime.getRuntime()::halt), "shutdown"));
        int code = ExitCode.FAILURE;
        try {
            run(config, proxyConfig, manifests, end);
            code = ExitCode.OK;
        } catch (IOException | RuntimeException e) {
            if (end.isSignalled()) {
                say("towpath run: " + e.getMessage()); // the hook halts before anybody else can say it
            }
            throw e;
        } finally {
            end.ended(code);
        }
        return code;
    }

    private static void run(EngineConfig config, ProxyConfig proxyConfig, Path manifests, RunEnd end)
            throws IOException {
        try (Engine engine = new Engine(config, proxyConfig, manifests, RunCommand::say)) {
            if (!end.isSignalled()) {
                engine.start();
                System.out.println("ready: instance " + config.instance() + ", "
                        + config.ports().size() + " ports, " + config.workers() + " workers, up to "
                        + proxyConfig.conntrack().maxEntries() + " connections");
                System.out.flush();
            }
            end.awaitSignal();
            say("stopping");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void say(String line) {
        System.err.println(line);
    }
}

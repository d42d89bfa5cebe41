package io.towpath.dataplane.cli;

import io.towpath.dataplane.apiserver.ApiServerException;
import io.towpath.dataplane.apiserver.ApiServerOpener;
import io.towpath.dataplane.control.ClusterSource;
import io.towpath.dataplane.control.ManifestDirectory;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.engine.Engine;
import io.towpath.dataplane.engine.EngineConfig;
import io.towpath.dataplane.model.IoFailure;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.node.NodeAddressWatch;
import io.towpath.linux.LinuxException;
import io.towpath.maps.MapException;
import io.towpath.wire.Address;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code towpath run}. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description =
                "Runs the engine until SIGTERM or Ctrl-C: as a router between TAP devices or, where the configuration has a"
                        + " section 'node', as this host's Service proxy.")
final class RunCommand implements Callable<Integer> {
    /** Where instances keep what outlives them. */
    static final Path STATES = Path.of("/var/lib/towpath");
    /** Values of detectLocalMode that ask for the interface a packet came by. */
    private static final Set<String> BY_INTERFACE = Set.of("BridgeInterface", "InterfaceNamePrefix");

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "Ports, addresses, routes.")
    private Path config;

    @Option(
            names = "--manifests",
            paramLabel = "DIR",
            description = "Directory of Service and EndpointSlice manifests, followed as it changes.")
    private Path manifests;

    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            description = "Follow the API server of this kubeconfig instead of manifests.")
    private Path kubeconfig;

    @Option(
            names = "--in-cluster",
            description = "Follow the API server of the cluster whose pod this is, with the pod's service account.")
    private boolean inCluster;

    @Option(names = "--proxy-config", paramLabel = "FILE", description = "KubeProxyConfiguration.")
    private Path proxyConfig;

    @Option(
            names = "--hostname-override",
            paramLabel = "NAME",
            description = "Name of the Node object that is this node; goes before the KubeProxyConfiguration's.")
    private String hostname;

    @Option(
            names = "--fail-open",
            description = "Node mode: while the engine is down, packets to Services go the way they would without it.")
    private boolean failOpen;

    @Override
    public Integer call() {
        try {
            EngineConfig engineConfig = engineConfig();
            ProxyConfig read = proxyConfig(proxyConfig, engineConfig, RunCommand::say);
            ProxyConfig proxy = hostname == null ? read : read.withHostname(hostname);
            refuseDetectionByInterface(engineConfig, proxy);
            return engineConfig.node() == null
                    ? run(engineConfig, proxy, source(engineConfig, proxy))
                    : run(withItsAddresses(engineConfig), proxy.ofNode(), source(engineConfig, proxy));
        } catch (ManifestException | ApiServerException e) {
            throw new CliException(ExitCode.USAGE, e.getMessage());
        } catch (IOException e) {
            throw new CliException(ExitCode.FAILURE, "cannot read or write: " + IoFailure.text(e));
        } catch (UncheckedIOException e) {
            throw new CliException(ExitCode.FAILURE, "cannot read or write: " + IoFailure.text(e.getCause()));
        } catch (LinuxException | MapException | IllegalArgumentException e) {
            throw new CliException(ExitCode.FAILURE, e.getMessage());
        }
    }

    private EngineConfig engineConfig() throws ManifestException {
        EngineConfig read = EngineConfig.read(config);
        if (failOpen && read.node() == null) {
            throw new CliException(ExitCode.USAGE, "--fail-open: only for a configuration with a section 'node'");
        }
        return failOpen ? read.withFailOpen() : read;
    }

    /** Asks the host once, so that routes, masqueraded connections and what watches over them agree. */
    private static EngineConfig withItsAddresses(EngineConfig engineConfig) {
        List<Address> addresses = engineConfig.ownAddresses();
        if (addresses.isEmpty()) {
            throw new CliException(
                    ExitCode.FAILURE,
                    "the host has no address that others can reach: start again when it has one, or give nodeAddresses");
        }
        return engineConfig.withNodeAddresses(addresses);
    }

    private static void refuseDetectionByInterface(EngineConfig engineConfig, ProxyConfig proxy) {
        if (engineConfig.node() != null && BY_INTERFACE.contains(proxy.detectLocalMode())) {
            throw new CliException(
                    ExitCode.USAGE,
                    "detectLocalMode " + proxy.detectLocalMode()
                            + ": interfaces cannot be told behind one TAP; use ClusterCIDR or NodeCIDR");
        }
    }

    /** Returns where objects come from, null where nothing says so. */
    private ClusterSource.Opener source(EngineConfig engineConfig, ProxyConfig proxy) throws ApiServerException {
        if (Stream.of(manifests != null, kubeconfig != null, inCluster)
                        .filter(given -> given)
                        .count()
                > 1) {
            throw new CliException(ExitCode.USAGE, "only one of --manifests, --kubeconfig and --in-cluster");
        }
        if (kubeconfig != null || inCluster) {
            return ApiServerOpener.of(kubeconfig, proxy.needsPodCidrs(), STATES.resolve(engineConfig.instance()));
        }
        Path directory = manifests != null ? manifests : engineConfig.manifests();
        if (directory != null && !Files.isDirectory(directory)) {
            throw new CliException(
                    ExitCode.USAGE,
                    (manifests != null ? "--manifests " : config + ": manifests: ") + directory
                            + ": no such directory");
        }
        return directory == null ? null : (nodeName, log) -> new ManifestDirectory(directory, log);
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

    private static int run(EngineConfig config, ProxyConfig proxyConfig, ClusterSource.Opener sources)
            throws IOException {
        RunEnd end = new RunEnd();
        // Before the engine is made, which may take long: a signal then ends it as soon as it is there, and nothing is
        // left behind.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> end.onShutdown().ifPresent(Runtime.getRuntime()::halt), "shutdown"));
        int code = ExitCode.FAILURE;
        try {
            run(config, proxyConfig, sources, end);
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

    private static void run(EngineConfig config, ProxyConfig proxyConfig, ClusterSource.Opener sources, RunEnd end)
            throws IOException {
        NodeAddressWatch addresses =
                config.node() == null ? null : NodeAddressWatch.of(config.node(), config.ownAddresses());
        try (Engine engine = new Engine(config, proxyConfig, sources, RunCommand::say)) {
            if (!end.isSignalled()) {
                engine.start();
                System.out.println("ready: instance " + config.instance() + ", "
                        + (config.node() == null ? config.ports().size() + " ports, " : "node, ") + config.workers()
                        + " workers, up to "
                        + proxyConfig.conntrack().maxEntries() + " connections");
                System.out.flush();
            }
            awaitEnd(end, addresses);
            say("stopping");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void awaitEnd(RunEnd end, NodeAddressWatch addresses) throws InterruptedException {
        if (addresses == null) {
            end.awaitSignal();
            return;
        }
        while (!end.awaitSignal(NodeAddressWatch.INTERVAL_S)) {
            addresses.gone().ifPresent(address -> {
                throw new CliException(
                        ExitCode.FAILURE,
                        "the host has the node's address " + address + " no longer, which masqueraded connections show:"
                                + " start again, to go on with the addresses that it has now");
            });
        }
    }

    private static void say(String line) {
        System.err.println(line);
    }
}

package io.towpath.dataplane.e2e;

import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.towpath.dataplane.demo.Backend;
import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.DemoConfig;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.HttpLoad;
import io.towpath.dataplane.demo.HttpReport;
import io.towpath.dataplane.demo.Network;
import io.towpath.dataplane.demo.Plan;
import io.towpath.dataplane.netty.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** The demo's network for a test: namespaces, servers, an engine and a folder of manifests that the test may change. */
final class NetworkRig implements AutoCloseable {
    static final Duration READY_LIMIT = Duration.ofSeconds(30);

    private static final Path ROOT =
            Path.of(System.getProperty("user.dir")).toAbsolutePath().getParent();
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final Cleanup cleanup;
    private final Network network;
    private final Transport transport = Transport.best();
    private final Path manifests;

    static {
        Launcher.find();
    }

    private NetworkRig(Cleanup cleanup, Network network) throws IOException {
        this.cleanup = cleanup;
        this.network = network;
        manifests = Files.createDirectory(DemoConfig.folder(network.id()).resolve("manifests"));
        try (Stream<Path> examples = Files.list(ROOT.resolve("examples"))) {
            for (Path example : examples.toList()) {
                Files.copy(example, manifests.resolve(example.getFileName()));
            }
        }
    }

    /** Makes namespaces and a folder of manifests. */
    static NetworkRig open() throws Exception {
        String id = ProcessHandle.current().pid() + "x" + COUNT.incrementAndGet();
        Cleanup cleanup = new Cleanup();
        try {
            cleanup.acquire(() -> DemoConfig.createFolder(id), () -> DemoConfig.deleteFolders(id));

            return new NetworkRig(cleanup, Network.create(id, cleanup));
        } catch (Exception e) {
            cleanup.close();
            throw e;
        }
    }

    /** Makes everything: servers in the backends and an engine that forwards. */
    static NetworkRig openRunning() throws Exception {
        NetworkRig rig = open();
        try {
            rig.startBackends();
            rig.startEngine().awaitReady(READY_LIMIT);
        } catch (Exception e) {
            rig.close();
            throw e;
        }

        return rig;
    }

    Network network() {
        return network;
    }

    String instance() {
        return DemoConfig.instance(network.id());
    }

    Path manifests() {
        return manifests;
    }

    void startBackends() throws Exception {
        EventLoopGroup group = transport.newGroup(new DefaultThreadFactory("backends", true));
        cleanup.closeLater(
                () -> group.shutdownGracefully(0, 1, TimeUnit.SECONDS).await(2, TimeUnit.SECONDS));
        for (int number = 1; number <= Plan.BACKENDS; number++) {
            cleanup.closeLater(Backend.start(DemoConfig.portName(number), network.backend(number), transport, group));
        }
    }

    /** Starts an engine on this network; the test may stop it, else the clean-up does. */
    EngineProcess startEngine() throws Exception {
        return startEngine("");
    }

    /** As {@link #startEngine()}, with more lines of configuration. */
    EngineProcess startEngine(String more) throws Exception {
        Path config = DemoConfig.write(network);
        Files.writeString(config, Files.readString(config) + more);

        return startEngineWith(config);
    }

    /** As {@link #startEngine()}, with a configuration that is there. */
    EngineProcess startEngineWith(Path config) throws Exception {
        return cleanup.closeLater(EngineProcess.start(config, manifests, folder().resolve("engine.log")));
    }

    Path folder() {
        return DemoConfig.folder(network.id());
    }

    /** Puts a manifest in place in one step, as a careful writer does. */
    void putManifest(String name, String yaml) throws IOException {
        Path fresh = Files.writeString(folder().resolve(name + ".new"), yaml);
        Files.move(fresh, manifests.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Sends HTTP requests from all client addresses. */
    HttpReport load(List<HttpLoad.Target> targets, int requests, int lanes) throws Exception {
        HttpLoad.Work work =
                new HttpLoad.Work(targets, Plan.clientAddresses(false), Plan.clientAddresses(true), requests, lanes);

        return HttpLoad.run(work, transport, network.client().threads("client"));
    }

    @Override
    public void close() {
        cleanup.close();
    }
}

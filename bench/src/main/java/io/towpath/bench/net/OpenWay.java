package io.towpath.bench.net;

import io.towpath.dataplane.demo.DemoConfig;
import io.towpath.dataplane.demo.DemoException;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Programs;
import io.towpath.dataplane.engine.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A way that packets can take, with the Services it was opened with, until it is closed. */
final class OpenWay {
    /** 100,000 Services on a machine that has other things to do. */
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private final Way way;
    private final BenchNetwork network;
    private final Path folder;
    private EngineProcess engine;

    private OpenWay(Way way, BenchNetwork network, Path folder) {
        this.way = way;
        this.network = network;
        this.folder = folder;
    }

    /** Opens a way; whatever becomes of it, the network's clean-up closes it at the latest. */
    static OpenWay open(Way way, int services, BenchNetwork network) throws Exception {
        OpenWay open = new OpenWay(way, network, EngineFiles.folder(network, way));
        return network.cleanup()
                .acquire(
                        () -> {
                            open.begin(services);
                            return open;
                        },
                        open::close);
    }

    private void begin(int services) throws Exception {
        Files.createDirectories(folder);
        switch (way) {
            case URING, NETTY, RW, UNMERGED -> startEngine(services);
            case NFTABLES -> {
                network.linkByRouter(way);
                rules(NftRules.script(way, services), "nft", "-f");
            }
            case IPTABLES -> {
                network.linkByRouter(way);
                rules(IptablesRules.script(way, services), "iptables-restore");
            }
            case ROUTER -> network.linkByRouter(way);
            case VETH -> network.linkDirectly(way);
        }
    }

    private void startEngine(int services) throws Exception {
        Path config = EngineFiles.writeConfig(network, way);
        Path manifests = folder.resolve("manifests");
        ServiceManifests.write(manifests, way, services);
        Path log = folder.resolve("engine.log");
        engine = EngineProcess.start(config, manifests, log);
        engine.awaitReady(LIMIT);
        Optional<String> fallback = EngineFiles.fallback(way, Files.readAllLines(log));
        if (fallback.isPresent()) {
            close();
            throw new DemoException(fallback.get());
        }
        network.attach(way);
    }

    private void rules(String script, String... program) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("rules"), script);
        List<String> command = new ArrayList<>(network.between(way).command(program));
        command.add(file.toString());
        Programs.Result result = Programs.run(LIMIT, command);
        if (!result.isOk()) {
            throw new DemoException(
                    "%s: %s".formatted(program[0], result.errors().strip()));
        }
    }

    /** Ends what was started and removes what was made; a second time does nothing. */
    void close() throws Exception {
        if (engine != null) {
            engine.stop();
            DemoConfig.delete(Engine.INSTANCES.resolve(EngineFiles.instance(network, way)));
        }
        network.detach(way);
        DemoConfig.delete(folder);
    }
}

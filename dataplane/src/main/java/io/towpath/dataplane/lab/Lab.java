package io.towpath.dataplane.lab;

import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.Counters;
import io.towpath.dataplane.demo.DemoException;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Network;
import io.towpath.dataplane.demo.Programs;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One lab, from its first namespace to its last. Main thread. */
public final class Lab {
    private static final Duration READY_LIMIT = Duration.ofSeconds(30);
    /** What a small machine does beside the rest: 20,000 requests take 20 s, in which backends change 20 times. */
    static final int REQUESTS_PER_SECOND = 1000;

    /** Who proxies the nodes' Services. */
    public enum Proxy {
        TOWPATH,
        NFTABLES
    }

    private final Proxy proxy;
    private final Cleanup cleanup;
    private final LabNetwork network;
    private final List<LabService> services;
    private final List<EngineProcess> engines = new ArrayList<>();

    private Lab(Proxy proxy, Cleanup cleanup, LabNetwork network) {
        this.proxy = proxy;
        this.cleanup = cleanup;
        this.network = network;
        this.services = LabService.all(network);
    }

    /** Makes a lab that runs; {@code cleanup} removes it. */
    static Lab create(Proxy proxy, Cleanup cleanup) throws Exception {
        if (!Network.isAllowed()) {
            throw new DemoException(
                    "towpath lab needs root (network namespaces and TAP devices): run sudo ./towpath lab");
        }
        for (String[] program : new String[][] {{"ip", "iproute2"}, {"nft", "nftables"}}) {
            if (!Programs.isPresent(program[0])) {
                throw new DemoException("needs the program " + program[0] + ": install " + program[1]);
            }
        }
        String id = String.valueOf(ProcessHandle.current().pid());
        cleanup.acquire(() -> null, () -> LabConfig.delete(id));
        Lab lab = new Lab(proxy, cleanup, LabNetwork.create(id, cleanup));
        lab.startServers();
        lab.startProxies();
        return lab;
    }

    LabNetwork network() {
        return network;
    }

    private void startServers() throws Exception {
        cleanup.closeLater(ProbeServer.start(network.client()));
        for (LabNode node : network.nodes()) {
            cleanup.closeLater(ProbeServer.start(node.host()));
            for (Host pod : node.pods()) {
                cleanup.closeLater(ProbeServer.start(pod));
            }
        }
    }

    private void startProxies() throws Exception {
        if (proxy == Proxy.NFTABLES) {
            for (LabNode node : network.nodes()) {
                LabNetwork.nft(node.host().namespace(), NftProxy.script(node, services));
            }
            return;
        }
        LabConfig.write(network, services);
        for (LabNode node : network.nodes()) {
            engines.add(startEngine(node));
        }
        for (EngineProcess engine : engines) {
            engine.awaitReady(READY_LIMIT);
        }
    }

    /** Starts a node's engine with the lab's manifests and more options. */
    EngineProcess startEngine(LabNode node, String... options) throws Exception {
        List<String> all = new ArrayList<>(
                List.of("--manifests", LabConfig.manifests(network.id()).toString()));
        all.addAll(List.of(options));
        return startEngineWith(node, all);
    }

    /** Starts a node's engine with any source of objects. */
    EngineProcess startEngineWith(LabNode node, List<String> options) throws Exception {
        List<String> run = EngineProcess.command(
                "run", "--config", LabConfig.config(network.id(), node).toString());
        run.addAll(options);
        return cleanup.closeLater(EngineProcess.start(
                node.host().namespace().command(run.toArray(String[]::new)),
                LabConfig.folder(network.id()).resolve("engine-" + node.number() + ".log")));
    }

    /** Returns the engine that the lab started on a node. */
    EngineProcess engine(LabNode node) {
        return engines.get(node.number() - 1);
    }

    List<LabService> services() {
        return services;
    }

    LabService service(String name) {
        return LabPath.named(services, name);
    }

    /** Sends traffic over every path. */
    List<LabResult> test() throws Exception {
        LabChecks checks = new LabChecks(network, services, proxy == Proxy.TOWPATH);
        checks.warmUp();
        checks.probe(LabPath.ofServices(network, services));
        long before = forwarded();
        checks.probe(LabPath.untouched(network));
        checks.pings();
        if (proxy == Proxy.TOWPATH) {
            checks.untouched(forwarded() - before);
        }
        checks.hops();
        checks.fragments();
        checks.pathMtu();
        checks.streams();
        return checks.results();
    }

    /** Sends requests over every path through a Service while backends come and go each second. */
    LoadReport load(int requests) throws Exception {
        LabChecks checks = new LabChecks(network, services, true);
        checks.warmUp();
        Path manifests = LabConfig.manifests(network.id());
        LabScaling scaling = new LabScaling(
                network, services, (service, text) -> LabConfig.replace(manifests, service.name() + ".yaml", text));
        scaling.begin();
        LabLoad load = new LabLoad(network, scaling, requests, REQUESTS_PER_SECOND);
        load.start();
        while (load.isRunning()) {
            TimeUnit.SECONDS.sleep(1);
            scaling.step();
        }
        return load.finish();
    }

    /** Returns how many packets both engines forwarded so far; those of the link itself are none of these. */
    private long forwarded() throws Exception {
        long packets = 0;
        if (proxy == Proxy.TOWPATH) {
            for (LabNode node : network.nodes()) {
                packets += Counters.read(LabConfig.instance(network.id(), node)).packets("forward");
            }
        }
        return packets;
    }
}

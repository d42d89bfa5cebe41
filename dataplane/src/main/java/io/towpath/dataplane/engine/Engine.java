package io.towpath.dataplane.engine;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackTakeover;
import io.towpath.dataplane.control.ClusterSource;
import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.engine.EngineConfig.PortConfig;
import io.towpath.dataplane.health.HealthReporter;
import io.towpath.dataplane.health.HealthServer;
import io.towpath.dataplane.pipeline.Fragments;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.Pipeline;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.dataplane.port.TapPort;
import io.towpath.dataplane.router.Neighbors;
import io.towpath.dataplane.router.Router;
import io.towpath.dataplane.router.RouterPort;
import io.towpath.dataplane.router.Routes;
import io.towpath.linux.Tap;
import io.towpath.maps.CounterMap;
import io.towpath.maps.PinnedMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.Nat;
import io.towpath.nat.NodeFacts;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.PortRange;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.UdpReconciler;
import io.towpath.packet.Burst;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.function.Consumer;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NoOpIdleStrategy;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.SystemNanoClock;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;
import org.jctools.queues.varhandle.SpscVarHandleArrayQueue;

/** A running engine in router mode. Made, started and closed by one thread. */
public final class Engine implements AutoCloseable {
    /** Where instances pin their maps. */
    public static final Path INSTANCES = Path.of("/run/towpath");

    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");
    private static final int COMMANDS = 1024;
    private static final int REPORTS = 1024;

    private final EngineConfig config;
    private final Consumer<String> log;
    private final PinnedMapStore store;
    private final Quiescence quiescence;
    private final Devices devices;
    private final List<AgentRunner> runners = new ArrayList<>();
    private final List<String> portNames;
    private final WorkerSettings settings;
    private final Parts parts = new Parts();
    private int tookOverConnections;
    private long lastBeatNs;
    private boolean started;

    /**
     * @param sources opens the source of objects, null for none
     * @param log told what happens, a line each
     */
    public Engine(EngineConfig config, ProxyConfig proxyConfig, ClusterSource.Opener sources, Consumer<String> log)
            throws IOException {
        this.config = config;
        this.log = log;
        this.quiescence = new Quiescence(config.workers());
        this.portNames = config.ports().stream().map(PortConfig::name).toList();
        this.settings = new WorkerSettings(portNames);
        this.store = PinnedMapStore.open(INSTANCES.resolve(config.instance()), log);
        parts.add(this::closeStore);
        try {
            this.devices = new Devices(store.directory(), store.tookOver(), log);
            parts.add(() -> devices.close(keepsForNext()));
            assemble(proxyConfig, sources);
        } catch (RuntimeException | IOException | Error e) {
            parts.closeAfter(e);
            throw e;
        }
    }

    private void assemble(ProxyConfig proxyConfig, ClusterSource.Opener sources) throws IOException {
        long secret = new SecureRandom().nextLong();
        ServiceMaps maps = new ServiceMaps(store, config.workers(), secret, quiescence);
        Conntrack conntrack = conntrack(proxyConfig, maps, secret);
        CounterMap verdicts = CounterMap.resume(store, Verdicts.MAP, config.workers(), Verdicts.CAPACITY);
        List<RouterPort> networks = config.routerPorts();
        Routes routes = Routes.create(store, quiescence, networks, config.staticRoutes(), config.nodeAddresses());
        Neighbors neighbors = Neighbors.create(store, secret, quiescence, new MpscVarHandleArrayQueue<>(REPORTS));
        ServiceWriter writer = new ServiceWriter(maps, warning -> log.accept("warning: " + warning));
        Heartbeats heartbeats = Heartbeats.resume(store);
        lastBeatNs = heartbeats.lastNs();
        for (PortConfig port : config.ports()) {
            devices.open(port, config.workers());
        }
        for (int number = 0; number < config.workers(); number++) {
            Worker worker = worker(number, networks, maps, conntrack, verdicts, routes, neighbors, heartbeats, secret);
            run(worker, NoOpIdleStrategy.INSTANCE);
        }
        HealthServer healthServer = parts.add(new HealthServer());
        DesiredStates desiredStates = new DesiredStates(proxyConfig, hostName(), config.ownAddresses());
        ControlAgent control = new ControlAgent(
                sources == null ? null : sources.open(proxyConfig.nodeName(hostName()), log),
                desiredStates,
                writer,
                new UdpReconciler(conntrack, maps, writer),
                neighbors,
                new HealthReporter(
                        proxyConfig,
                        desiredStates.nodeName(),
                        desiredStates.services(),
                        healthServer,
                        SystemNanoClock.INSTANCE,
                        log),
                settings,
                log);
        run(control, new SleepingMillisIdleStrategy(1));
        control.load();
        store.removeLeftovers();
        devices.persist();
    }

    /** From here on an agent is closed with the engine, whether it was started or not. */
    private void run(Agent agent, IdleStrategy idleStrategy) {
        runners.add(parts.add(new AgentRunner(idleStrategy, this::onError, null, agent)));
    }

    private Conntrack conntrack(ProxyConfig proxyConfig, ServiceMaps maps, long secret) {
        ConntrackTakeover.Resumed resumed = ConntrackTakeover.resume(
                store,
                proxyConfig.conntrack(),
                config.workers(),
                ServiceMaps.BACKENDS,
                secret,
                quiescence,
                maps.review(),
                System.nanoTime());
        tookOverConnections = resumed.connections();
        return resumed.table();
    }

    private static String hostName() throws IOException {
        return Files.readString(HOST_NAME).strip();
    }

    private Worker worker(
            int number,
            List<RouterPort> networks,
            ServiceMaps maps,
            Conntrack conntrack,
            CounterMap counters,
            Routes routes,
            Neighbors neighbors,
            Heartbeats heartbeats,
            long seed) {
        FramePool pool = parts.add(new FramePool(4 * Burst.LIMIT));
        List<Port> ports = new ArrayList<>();
        for (Tap tap : devices.taps()) {
            ports.add(new TapPort(ports.size(), portNames.get(ports.size()), tap.queue(number), pool.frames()));
        }
        Verdicts verdicts = new Verdicts(counters, number, pool);
        Router router = new Router(networks, ports, routes, neighbors, pool, verdicts, new IcmpErrorSender(pool));
        Fragments fragments = parts.add(new Fragments(pool, verdicts, config.workers(), seed));
        NodeSettings nothing =
                new NodeSettings(new NodeFacts(List.of(), List.of(), new LocalDetector.None(), false), portNames);
        Nat nat = new Nat(
                conntrack,
                conntrack.worker(number),
                maps,
                routes,
                PortRange.UNPRIVILEGED,
                nothing,
                pool.frames(),
                seed + number);
        Queue<Runnable> queue = new SpscVarHandleArrayQueue<>(COMMANDS);
        settings.add(queue, nat::onSettings);
        return new Worker(
                number,
                ports.toArray(Port[]::new),
                pool,
                new Burst(pool.frames()),
                new Pipeline(nat, router, fragments),
                router,
                verdicts,
                conntrack,
                quiescence,
                queue,
                heartbeats);
    }

    private void onError(Throwable error) {
        log.accept("error: " + error);
        error.printStackTrace();
    }

    /** Starts the threads; packets flow from here on. */
    public void start() {
        runners.forEach(AgentRunner::startOnThread);
        started = true;
        if (store.tookOver()) {
            String gap = lastBeatNs == 0
                    ? ""
                    : String.format(Locale.ROOT, " after a gap of %.2f s", (System.nanoTime() - lastBeatNs) / 1e9);
            log.accept("took over " + tookOverConnections + " connections of instance " + config.instance() + gap);
        }
    }

    /**
     * Stops the threads, and removes devices and maps unless the configuration wants them kept for the next process. A start that failed
     * leaves what it found.
     */
    @Override
    public void close() {
        parts.close();
    }

    private boolean keepsForNext() {
        return started ? config.persist() : store.tookOver();
    }

    private void closeStore() {
        if (keepsForNext()) {
            store.keep();
        } else {
            store.close();
        }
    }
}

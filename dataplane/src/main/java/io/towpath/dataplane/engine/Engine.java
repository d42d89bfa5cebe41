package io.towpath.dataplane.engine;

import io.netty.channel.IoEventLoopGroup;
import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackTakeover;
import io.towpath.dataplane.control.ClusterSource;
import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.control.SourceStatus;
import io.towpath.dataplane.health.HealthReporter;
import io.towpath.dataplane.health.ProbeCounts;
import io.towpath.dataplane.http.HttpServer;
import io.towpath.dataplane.metrics.MetricSource;
import io.towpath.dataplane.metrics.Operator;
import io.towpath.dataplane.metrics.PacketMetrics;
import io.towpath.dataplane.metrics.ProbeMetrics;
import io.towpath.dataplane.metrics.SourceMetrics;
import io.towpath.dataplane.metrics.TrafficMetrics;
import io.towpath.dataplane.metrics.WorkerCounts;
import io.towpath.dataplane.netty.EventLoops;
import io.towpath.dataplane.pipeline.Forwarding;
import io.towpath.dataplane.pipeline.Fragments;
import io.towpath.dataplane.pipeline.Pipeline;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.DevicePort;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.IoEngine;
import io.towpath.dataplane.port.Port;
import io.towpath.dataplane.port.PortIo;
import io.towpath.linux.EventFd;
import io.towpath.linux.Fd;
import io.towpath.linux.Tap;
import io.towpath.maps.CounterMap;
import io.towpath.maps.PinnedMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.Nat;
import io.towpath.nat.NodeFacts;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.UdpReconciler;
import io.towpath.packet.Burst;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NoOpIdleStrategy;
import org.agrona.concurrent.SystemNanoClock;

/** A running engine. Made, started and closed by one thread. */
public final class Engine implements AutoCloseable {
    /** Where instances pin their maps. */
    public static final Path INSTANCES = Path.of("/run/towpath");

    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");
    private static final int COMMANDS = 1024;

    private final EngineConfig config;
    private final Consumer<String> log;
    private final PinnedMapStore store;
    private final Quiescence quiescence;
    private final Devices devices;
    private final List<AgentRunner> runners = new ArrayList<>();
    private final List<EventLoopWorker> loopWorkers = new ArrayList<>();
    private final List<Worker> workers = new ArrayList<>();
    private final ControlRest controlRest = new ControlRest();
    private final WorkerSettings settings = new WorkerSettings(facts -> this.standing.settings(facts));
    private final Parts parts = new Parts();
    private final List<MetricSource> metrics = new ArrayList<>();
    /** Event loops that the workers run on, null where they have threads of their own. */
    private IoEventLoopGroup loops;

    private Standing standing;
    private PortOpener portOpener;
    private PortWatch portWatch;
    private PortMetrics portMetrics;
    private int tookOverConnections;
    private Heartbeats heartbeats;
    private long lastBeatNs;
    private boolean started;

    /**
     * @param sources opens the source of objects, null for none
     * @param log told what happens, a line each
     */
    public Engine(EngineConfig config, ProxyConfig proxyConfig, ClusterSource.Opener sources, Consumer<String> log)
            throws IOException {
        this(config, proxyConfig, sources, null, log);
    }

    /**
     * As the other one, with the workers on an application's event loops: each on the group's next one, whatever the configuration says of
     * {@code io}. The group is the application's to shut down, after the engine is closed; neither {@link #start} nor {@link #close} may be
     * called on one of its threads.
     *
     * @param loops of {@code IoUringIoHandler}
     */
    public Engine(
            EngineConfig config,
            ProxyConfig proxyConfig,
            ClusterSource.Opener sources,
            IoEventLoopGroup loops,
            Consumer<String> log)
            throws IOException {
        this.config = config;
        this.loops = loops;
        this.log = log;
        this.quiescence = new Quiescence(config.workers());
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
        standing = config.node() == null
                ? new RouterStanding(config, store, secret, quiescence, controlRest::wake)
                : new NodeStanding(config.node(), config.ownAddresses(), config.nodeRouting(log));
        ServiceWriter writer = new ServiceWriter(maps, warning -> log.accept("warning: " + warning));
        heartbeats = Heartbeats.resume(store, config.workers());
        WorkerCounts counts = new WorkerCounts(store, config.workers());
        lastBeatNs = heartbeats.lastNs();
        standing.openDevices(devices, config.workers());
        List<String> names = standing.portNames();
        List<String> refusals = new ArrayList<>();
        if (loops == null && standing.portEngines().contains(IoEngine.NETTY)) {
            loops = EventLoops.openOrNull(config.workers(), refusals::add);
            if (loops != null) {
                parts.add(() -> loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly());
            }
        }
        List<Boolean> takesSuperFrames =
                devices.taps().stream().map(Tap::hasUdpSegmentation).toList();
        BitSet merging = PortOpener.merging(names, standing.udpMerging(), takesSuperFrames, log);
        portOpener = new PortOpener(names, standing.portEngines(), merging, refusals, log);
        portWatch = new PortWatch(devices, names, standing::onDevice, log);
        portMetrics = new PortMetrics(names);
        for (int number = 0; number < config.workers(); number++) {
            workers.add(worker(number, maps, conntrack, verdicts, counts, secret));
        }
        metrics.addAll(List.of(
                new PacketMetrics(verdicts, conntrack),
                new TrafficMetrics(maps),
                counts,
                heartbeats,
                new DeviceMetrics(names, devices.locations()),
                portMetrics));
        ClusterSource source = sources == null ? null : sources.open(proxyConfig.nodeName(hostName()), log);
        ControlAgent control = control(proxyConfig, source, writer, new UdpReconciler(conntrack, maps, writer));
        run(control, controlRest);
        control.load();
        devices.persist();
    }

    private ControlAgent control(
            ProxyConfig proxyConfig, ClusterSource source, ServiceWriter writer, UdpReconciler reconciler)
            throws IOException {
        DesiredStates desiredStates = new DesiredStates(proxyConfig, hostName(), standing.ownAddresses());
        Supplier<Optional<SourceStatus>> status =
                () -> Optional.ofNullable(source).map(ClusterSource::status);
        ProbeCounts probes = new ProbeCounts();
        metrics.add(new SourceMetrics(status));
        metrics.add(new ProbeMetrics(probes));
        HealthReporter health = new HealthReporter(
                proxyConfig,
                desiredStates.nodeName(),
                desiredStates.services(),
                parts.add(new HttpServer("health", log)),
                probes,
                status,
                () -> heartbeats.fault(System.nanoTime()),
                SystemNanoClock.INSTANCE,
                log,
                source == null ? warning -> {} : source::report);
        // A server and thread of its own: however long a scrape takes, a probe does not wait for it.
        Operator operator =
                Operator.open(proxyConfig, metrics, quiescence, parts.add(new HttpServer("metrics", log)), log);
        return new ControlAgent(
                source,
                desiredStates,
                writer,
                reconciler,
                standing,
                portWatch,
                health,
                operator,
                settings,
                controlRest,
                log);
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
            int number, ServiceMaps maps, Conntrack conntrack, CounterMap counters, WorkerCounts counts, long seed) {
        EventLoopWorker loop = loops == null ? null : new EventLoopWorker(EventLoops.next(loops), this::onError);
        FramePool pool = parts.add(loop == null ? portOpener.pool() : portOpener.loopPool());
        EventFd wakeUp = loop == null ? parts.add(new EventFd()) : null; // an event loop has its own way to wake
        List<Fd> queues = devices.taps().stream().map(tap -> tap.queue(number)).toList();
        PortOpener.Opened opened =
                loop == null ? portOpener.open(queues, pool, wakeUp) : portOpener.onLoop(queues, pool, loop);
        List<Port> ports = opened.ports();
        PortIo io = parts.add(opened.io());
        Verdicts verdicts = new Verdicts(counters, number, pool);
        Forwarding forwarding = standing.forwarding(ports, pool, verdicts, seed);
        Fragments fragments = parts.add(new Fragments(pool, verdicts, config.workers(), seed));
        NodeSettings nothing = standing.settings(new NodeFacts(List.of(), List.of(), new LocalDetector.None(), false));
        Nat nat = new Nat(
                conntrack,
                conntrack.worker(number),
                maps,
                standing.masquerade(),
                standing.masqueradePorts(),
                nothing,
                pool.frames(),
                seed + number);
        Runnable wake = loop == null ? wakeUp::signal : loop::wake;
        Queue<Runnable> queue = new WakingQueues.OneProducer<>(COMMANDS, wake);
        settings.add(queue, nat::onSettings);
        portWatch.add(ports.stream().map(DevicePort.class::cast).toList(), queue);
        portMetrics.add(ports);
        Worker worker = new Worker(
                number,
                ports.toArray(Port[]::new),
                io,
                pool,
                new Burst(pool.frames()),
                new Pipeline(nat, forwarding, fragments),
                forwarding,
                verdicts,
                conntrack,
                quiescence,
                queue,
                wake,
                heartbeats,
                counts);
        if (loop == null) {
            run(worker, NoOpIdleStrategy.INSTANCE);
        } else {
            loop.use(worker, pool);
            loopWorkers.add(parts.add(loop));
        }
        return worker;
    }

    private void onError(Throwable error) {
        log.accept("error: " + error);
        error.printStackTrace();
    }

    /** Starts the threads; packets flow from here on. */
    public void start() {
        loopWorkers.forEach(EventLoopWorker::start);
        runners.forEach(AgentRunner::startOnThread);
        heartbeats.expect(System.nanoTime());
        standing.start();
        store.commit();
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
        workers.forEach(Worker::end);
        controlRest.end();
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

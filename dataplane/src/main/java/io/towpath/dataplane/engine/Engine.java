package io.towpath.dataplane.engine;

import io.towpath.conntrack.Conntrack;
import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.control.ManifestDirectory;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.health.HealthReporter;
import io.towpath.dataplane.health.HealthServer;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.pipeline.Forwarding;
import io.towpath.dataplane.pipeline.Fragments;
import io.towpath.dataplane.pipeline.Pipeline;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.dataplane.port.TapPort;
import io.towpath.linux.Tap;
import io.towpath.maps.CounterMap;
import io.towpath.maps.MapStore;
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
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.NoOpIdleStrategy;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.SystemNanoClock;
import org.jctools.queues.varhandle.SpscVarHandleArrayQueue;

/** A running engine. Made, started and closed by one thread. */
public final class Engine implements AutoCloseable {
    /** Where instances pin their maps. */
    public static final Path INSTANCES = Path.of("/run/towpath");

    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");
    private static final int COMMANDS = 1024;

    private final EngineConfig config;
    private final Consumer<String> log;
    private final MapStore store;
    private final Quiescence quiescence;
    private final List<Tap> taps = new ArrayList<>();
    private final List<AgentRunner> runners = new ArrayList<>();
    private final List<Nat> nats = new ArrayList<>();
    private final List<Queue<Runnable>> commands = new ArrayList<>();
    private final HealthServer healthServer = new HealthServer();
    private Standing standing;

    /**
     * @param manifests directory, null for none
     * @param log told what happens, a line each
     */
    public Engine(EngineConfig config, ProxyConfig proxyConfig, Path manifests, Consumer<String> log)
            throws IOException, ManifestException {
        this.config = config;
        this.log = log;
        this.quiescence = new Quiescence(config.workers());
        this.store = PinnedMapStore.open(INSTANCES.resolve(config.instance()));
        try {
            assemble(proxyConfig, manifests);
        } catch (RuntimeException | IOException e) {
            close();
            throw e;
        }
    }

    private void assemble(ProxyConfig proxyConfig, Path manifests) throws IOException {
        long secret = new SecureRandom().nextLong();
        ServiceMaps maps = new ServiceMaps(store, config.workers(), secret, quiescence);
        Conntrack conntrack = new Conntrack(
                store, proxyConfig.conntrack(), config.workers(), ServiceMaps.BACKENDS, secret, quiescence);
        CounterMap verdicts = CounterMap.create(store, Verdicts.MAP, config.workers(), Verdicts.CAPACITY);
        standing = config.node() == null
                ? new RouterStanding(config, store, secret, quiescence)
                : new NodeStanding(config.node(), config.ownAddresses(), config.nodeRouting(log));
        ServiceWriter writer = new ServiceWriter(maps, warning -> log.accept("warning: " + warning));
        for (int number = 0; number < standing.portNames().size(); number++) {
            taps.add(standing.openTap(number, config.workers()));
        }
        for (int number = 0; number < config.workers(); number++) {
            Worker worker = worker(number, maps, conntrack, verdicts, secret);
            runners.add(new AgentRunner(NoOpIdleStrategy.INSTANCE, this::onError, null, worker));
        }
        DesiredStates desiredStates = new DesiredStates(proxyConfig, hostName(), standing.ownAddresses());
        ControlAgent control = new ControlAgent(
                manifests == null ? null : new ManifestDirectory(manifests, log),
                desiredStates,
                writer,
                new UdpReconciler(conntrack, maps, writer),
                standing,
                new HealthReporter(proxyConfig, desiredStates.nodeName(), healthServer, SystemNanoClock.INSTANCE, log),
                this::publish,
                log);
        control.load();
        runners.add(new AgentRunner(new SleepingMillisIdleStrategy(1), this::onError, null, control));
    }

    private static String hostName() throws IOException {
        return Files.readString(HOST_NAME).strip();
    }

    private Worker worker(int number, ServiceMaps maps, Conntrack conntrack, CounterMap counters, long seed) {
        FramePool pool = new FramePool(4 * Burst.LIMIT);
        List<String> names = standing.portNames();
        List<Port> ports = new ArrayList<>();
        for (Tap tap : taps) {
            ports.add(new TapPort(ports.size(), names.get(ports.size()), tap.queue(number), pool.frames()));
        }
        Verdicts verdicts = new Verdicts(counters, number, pool);
        Forwarding forwarding = standing.forwarding(ports, pool, verdicts);
        Fragments fragments = new Fragments(pool, verdicts, config.workers(), seed);
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
        nats.add(nat);
        Queue<Runnable> queue = new SpscVarHandleArrayQueue<>(COMMANDS);
        commands.add(queue);
        return new Worker(
                number,
                ports.toArray(Port[]::new),
                pool,
                new Burst(pool.frames()),
                new Pipeline(nat, forwarding, fragments),
                fragments,
                forwarding,
                verdicts,
                conntrack,
                quiescence,
                queue);
    }

    /** Control thread: hands the workers what they keep outside the maps. */
    private void publish(NodeFacts facts) {
        NodeSettings settings = standing.settings(facts);
        for (int number = 0; number < nats.size(); number++) {
            Nat nat = nats.get(number);
            if (!commands.get(number).offer(() -> nat.onSettings(settings))) {
                log.accept("warning: worker " + number + " does not take commands; its settings are old");
            }
        }
    }

    private void onError(Throwable error) {
        log.accept("error: " + error);
        error.printStackTrace();
    }

    /** Starts the threads; packets flow from here on. */
    public void start() {
        runners.forEach(AgentRunner::startOnThread);
        standing.start();
    }

    /** Stops the threads, removes devices and maps. */
    @Override
    public void close() {
        runners.forEach(AgentRunner::close);
        taps.forEach(Tap::close);
        healthServer.close();
        store.close();
    }
}

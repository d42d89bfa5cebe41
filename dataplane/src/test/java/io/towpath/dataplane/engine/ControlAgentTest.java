package io.towpath.dataplane.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackConfig;
import io.towpath.dataplane.control.BindAddress;
import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.control.ProxyConfigBuilder;
import io.towpath.dataplane.health.HealthReporter;
import io.towpath.dataplane.health.ProbeCounts;
import io.towpath.dataplane.http.MemoryListeners;
import io.towpath.dataplane.metrics.Operator;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.UdpReconciler;
import io.towpath.wire.Address;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Without manifests: there is the node only. */
final class ControlAgentTest {
    private static final Address NODE = Address.parse("127.0.0.1");
    private static final int HEALTHZ = 10_256;
    private static final ProxyConfig CONFIG = new ProxyConfigBuilder()
            .healthzBindAddress(new BindAddress(NODE, HEALTHZ))
            .build();
    private static final long LATE_NS = 2 * CONFIG.syncPeriodSeconds() * 1_000_000_000L;

    @TempDir
    private Path folder;

    private final Quiescence quiescence = new Quiescence(1);
    private final MemoryListeners listeners = new MemoryListeners();
    private final WorkerSettings settings = new WorkerSettings(facts -> new NodeSettings(facts, List.of("eth0")));
    private long nowNs;

    private ControlAgent agent(AnonymousMapStore store) throws Exception {
        ServiceMaps maps = new ServiceMaps(store, 1, 1, quiescence);
        Conntrack conntrack = new Conntrack(
                store, ConntrackConfig.defaults().withMaxEntries(1024), 1, ServiceMaps.BACKENDS, 1, quiescence);
        ServiceWriter writer = new ServiceWriter(maps, warning -> {});
        DesiredStates states = new DesiredStates(CONFIG, "node", List.of(NODE));
        return new ControlAgent(
                null,
                states,
                writer,
                new UdpReconciler(conntrack, maps, writer),
                standing(store),
                new PortWatch(null, List.of(), port -> {}, line -> {}),
                new HealthReporter(
                        CONFIG,
                        "node",
                        states.services(),
                        listeners,
                        new ProbeCounts(),
                        Optional::empty,
                        Optional::empty,
                        () -> nowNs,
                        warning -> {},
                        warning -> {}),
                Operator.open(CONFIG, List.of(), quiescence, listeners, warning -> {}),
                settings,
                new ControlRest(),
                line -> {});
    }

    private Standing standing(AnonymousMapStore store) throws Exception {
        Path file = Files.writeString(
                folder.resolve("config.yaml"), "ports: [{name: eth0, tap: tp0, addresses: [10.0.0.1/24]}]\n");
        return new RouterStanding(EngineConfig.read(file), store, 1, quiescence, () -> {});
    }

    private int healthz() {
        return listeners.get(NODE, HEALTHZ, "/healthz").status();
    }

    @Test
    void shouldBeUnhealthyAsLongAsAWorkerDoesNotTakeAChange() throws Exception {
        Queue<Runnable> commands = new ArrayBlockingQueue<>(1);
        commands.add(() -> {});
        settings.add(commands, taken -> {});
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            ControlAgent agent = agent(store);
            agent.load();
            agent.doWork();
            assertEquals(200, healthz(), "not late yet");

            nowNs += LATE_NS;
            agent.doWork();
            assertEquals(503, healthz());

            commands.clear();
            agent.doWork();
            assertEquals(200, healthz());
            assertEquals(1, commands.size());
            agent.onClose();
        }
    }
}

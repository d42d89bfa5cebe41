package io.towpath.dataplane.health;

import io.towpath.dataplane.control.ClusterEvents;
import io.towpath.dataplane.control.ObjectWarning;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.control.ServiceIndex;
import io.towpath.dataplane.control.SourceStatus;
import io.towpath.dataplane.http.HttpAnswer;
import io.towpath.dataplane.http.Listeners;
import io.towpath.dataplane.http.RetriedServer;
import io.towpath.dataplane.http.RetriedServer.Settings;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.Node;
import io.towpath.wire.Address;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.agrona.concurrent.NanoClock;

/**
 * Keeps the health servers at what the control thread knows: told of each change when it is seen and when it is in force. Control thread
 * only. A server that cannot be opened is one warning line and is tried again.
 */
public final class HealthReporter implements ClusterEvents, AutoCloseable {
    /** kube-proxy's: changes may wait for two sync periods. */
    private static final int LATE_SYNC_PERIODS = 2;

    private final ProxyConfig config;
    private final String nodeName;
    private final ProxyHealth proxy;
    private final ServiceHealth serviceHealth;
    private final HealthChecks checks;
    private final ProbeCounts probes;
    /** Of /healthz and /livez, where they are wanted. */
    private final Optional<RetriedServer> server;

    private List<Address> nodeAddresses = List.of();

    /**
     * @param probes counts the answers
     * @param source how it stands with the source of objects, for the body of /healthz
     * @param workersFault what keeps workers from forwarding, nothing where they do; any thread
     * @param events told what keeps a Service's health server from running, beside the log
     */
    public HealthReporter(
            ProxyConfig config,
            String nodeName,
            ServiceIndex services,
            Listeners listeners,
            ProbeCounts probes,
            Supplier<Optional<SourceStatus>> source,
            Supplier<Optional<String>> workersFault,
            NanoClock clock,
            Consumer<String> log,
            Consumer<ObjectWarning> events) {
        this.config = config;
        this.nodeName = nodeName;
        this.probes = probes;
        Duration timeout = Duration.ofSeconds(LATE_SYNC_PERIODS * config.syncPeriodSeconds());
        proxy = new ProxyHealth(timeout, source, workersFault, clock, InstantSource.system());
        checks = new HealthChecks(nodeName, services);
        serviceHealth = new ServiceHealth(listeners, proxy::isHealthy, clock, warning -> {
            log.accept("warning: " + warning.text());
            events.accept(warning.onNode(nodeName));
        });
        server = config.healthzBindAddress()
                .map(at -> new RetriedServer(
                        new Settings("healthzBindAddress", at, config.bindAddressHardFail()),
                        listeners,
                        (path, ipv6) -> answer(path),
                        clock,
                        log));
    }

    /** A change of the objects was seen. */
    public void queued() {
        proxy.queued(false);
        proxy.queued(true);
    }

    @Override
    public void upsert(ClusterObject object) {
        if (object instanceof Node node && node.name().equals(nodeName)) {
            proxy.node(node.taints(), node.deleting());
        }
    }

    @Override
    public void delete(ClusterObject.Key key) {
        if (key.kind().equals("Node") && key.name().equals(nodeName)) {
            proxy.node(List.of(), false);
        }
    }

    /** The node's addresses are others from the next sync on. */
    public void nodeAddresses(List<Address> addresses) {
        nodeAddresses = List.copyOf(addresses);
    }

    /** What was told of is in the maps, as far as they have room: load balancers are to know. */
    public void applied() {
        serviceHealth.sync(
                checks.current(),
                ListenAddresses.choose(config.nodePortAddresses(), nodeAddresses, ListenAddresses::isOnHost));
    }

    /** All changes that were told of are in force. */
    public void synced() {
        proxy.updated(false);
        proxy.updated(true);
    }

    /** Opens servers that are wanted and could not be opened yet. */
    public void poll() {
        serviceHealth.poll();
        server.ifPresent(RetriedServer::poll);
    }

    private HttpAnswer answer(String path) {
        return switch (path) {
            case "/healthz" -> {
                HttpAnswer answer = proxy.healthz();
                probes.healthz(answer.status());
                yield answer;
            }
            case "/livez" -> {
                HttpAnswer answer = proxy.livez();
                probes.livez(answer.status());
                yield answer;
            }
            default -> HttpAnswer.NOT_FOUND;
        };
    }

    @Override
    public void close() {
        serviceHealth.close();
        server.ifPresent(RetriedServer::close);
    }
}

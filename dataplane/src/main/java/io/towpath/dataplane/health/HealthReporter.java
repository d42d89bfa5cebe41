package io.towpath.dataplane.health;

import io.towpath.dataplane.control.BindAddress;
import io.towpath.dataplane.control.ClusterEvents;
import io.towpath.dataplane.control.ObjectWarning;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.control.ServiceIndex;
import io.towpath.dataplane.health.Listeners.Listener;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.Node;
import io.towpath.wire.Address;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.concurrent.NanoClock;

/**
 * Keeps the health servers at what the control thread knows: told of each change when it is seen and when it is in force. Control thread
 * only. A server that cannot be opened is one warning line and is tried again.
 */
public final class HealthReporter implements ClusterEvents, AutoCloseable {
    /** kube-proxy's: changes may wait for two sync periods. */
    private static final int LATE_SYNC_PERIODS = 2;

    private static final long RETRY_NS = 5_000_000_000L;

    private final ProxyConfig config;
    private final String nodeName;
    private final Listeners listeners;
    private final NanoClock clock;
    private final Consumer<String> log;
    private final ProxyHealth proxy;
    private final ServiceHealth serviceHealth;
    private final HealthChecks checks;
    private List<Address> nodeAddresses = List.of();
    private Listener healthz;
    private long healthzTriedAtNs;
    private boolean healthzWarned;

    /** @param events told what keeps a Service's health server from running, beside the log */
    public HealthReporter(
            ProxyConfig config,
            String nodeName,
            ServiceIndex services,
            Listeners listeners,
            NanoClock clock,
            Consumer<String> log,
            Consumer<ObjectWarning> events) {
        this.config = config;
        this.nodeName = nodeName;
        this.listeners = listeners;
        this.clock = clock;
        this.log = log;
        Duration timeout = Duration.ofSeconds(LATE_SYNC_PERIODS * config.syncPeriodSeconds());
        proxy = new ProxyHealth(timeout, clock, InstantSource.system());
        checks = new HealthChecks(nodeName, services);
        serviceHealth = new ServiceHealth(listeners, proxy::isHealthy, warning -> {
            log.accept("warning: " + warning.text());
            events.accept(warning.onNode(nodeName));
        });
        healthzTriedAtNs = clock.nanoTime() - RETRY_NS;
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

    /** Opens /healthz and /livez where they are wanted and not open yet. */
    public void poll() {
        if (healthz != null
                || config.healthzBindAddress().isEmpty()
                || clock.nanoTime() - healthzTriedAtNs < RETRY_NS) {
            return;
        }
        healthzTriedAtNs = clock.nanoTime();
        BindAddress at = config.healthzBindAddress().get();
        try {
            healthz = listeners.listen(at.address(), at.port(), (path, ipv6) -> answer(path));
        } catch (IOException e) {
            if (!healthzWarned) {
                log.accept("warning: healthzBindAddress " + at + ": cannot listen: " + e.getMessage()
                        + "; it is tried again every " + RETRY_NS / 1_000_000_000L + " s");
                healthzWarned = true;
            }
        }
    }

    private HealthAnswer answer(String path) {
        return switch (path) {
            case "/healthz" -> proxy.healthz();
            case "/livez" -> proxy.livez();
            default -> HealthAnswer.NOT_FOUND;
        };
    }

    @Override
    public void close() {
        serviceHealth.close();
        if (healthz != null) {
            healthz.close();
        }
    }
}

package io.towpath.dataplane.health;

import io.towpath.dataplane.control.ProxiedService;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.health.Listeners.Listener;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Node;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.wire.Address;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.agrona.concurrent.NanoClock;

/**
 * Keeps the health servers at what the control thread knows: told of each change when it is seen and when it is in force. Control thread
 * only. A server that cannot be opened is one warning line and is tried again.
 */
public final class HealthReporter implements AutoCloseable {
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
    /** Those that have a healthCheckNodePort. */
    private final Map<ClusterObject.Key, Service> services = new LinkedHashMap<>();

    private final Map<ClusterObject.Key, EndpointSlice> slices = new HashMap<>();
    private final Map<ClusterObject.Key, TreeMap<String, EndpointSlice>> slicesOfService = new HashMap<>();
    private Listener healthz;
    private long healthzTriedAtNs;
    private boolean healthzWarned;

    public HealthReporter(
            ProxyConfig config, String nodeName, Listeners listeners, NanoClock clock, Consumer<String> log) {
        this.config = config;
        this.nodeName = nodeName;
        this.listeners = listeners;
        this.clock = clock;
        this.log = log;
        Duration timeout = Duration.ofSeconds(LATE_SYNC_PERIODS * config.syncPeriodSeconds());
        proxy = new ProxyHealth(timeout, clock, InstantSource.system());
        serviceHealth = new ServiceHealth(listeners, proxy::isHealthy, warning -> log.accept("warning: " + warning));
        healthzTriedAtNs = clock.nanoTime() - RETRY_NS;
    }

    /** A change of the objects was seen. */
    public void queued() {
        proxy.queued(false);
        proxy.queued(true);
    }

    /** An object is new or changed. */
    public void upsert(ClusterObject object) {
        switch (object) {
            case Service service -> {
                if (HealthCheck.isNeeded(service)) {
                    services.put(service.key(), service);
                } else {
                    services.remove(service.key());
                }
            }
            case EndpointSlice slice -> {
                delete(slice.key());
                if (ProxiedService.isUsed(slice)) {
                    slices.put(slice.key(), slice);
                    slicesOfService
                            .computeIfAbsent(serviceOf(slice), key -> new TreeMap<>())
                            .put(slice.name(), slice);
                }
            }
            case Node node -> {
                if (node.name().equals(nodeName)) {
                    proxy.node(node.taints(), node.deleting());
                }
            }
            default -> {}
        }
    }

    /** An object is gone. */
    public void delete(ClusterObject.Key key) {
        services.remove(key);
        EndpointSlice slice = slices.remove(key);
        if (slice != null) {
            slicesOfService.computeIfPresent(serviceOf(slice), (service, byName) -> {
                byName.remove(slice.name());
                return byName.isEmpty() ? null : byName;
            });
        }
    }

    /** Makes these all objects that there are. */
    public void replace(Collection<ClusterObject> objects) {
        services.clear();
        slices.clear();
        slicesOfService.clear();
        objects.forEach(this::upsert);
    }

    private static ClusterObject.Key serviceOf(EndpointSlice slice) {
        return new ClusterObject.Key("Service", slice.namespace(), slice.service());
    }

    /** The objects are in force. Costs what the Services with a healthCheckNodePort are, not what the cluster is. */
    public void synced(List<Address> nodeAddresses) {
        List<HealthCheck> wanted = HealthCheck.of(
                services.values().stream()
                        .map(service -> new ProxiedService(service, slicesOf(service)))
                        .toList(),
                nodeName);
        serviceHealth.sync(
                wanted, ListenAddresses.choose(config.nodePortAddresses(), nodeAddresses, ListenAddresses::isOnHost));
        proxy.updated(false);
        proxy.updated(true);
    }

    private List<EndpointSlice> slicesOf(Service service) {
        return List.copyOf(
                slicesOfService.getOrDefault(service.key(), new TreeMap<>()).values());
    }

    /** Opens /healthz and /livez where they are wanted and not open yet. */
    public void poll() {
        if (healthz != null || config.healthzBindAddress() == null || clock.nanoTime() - healthzTriedAtNs < RETRY_NS) {
            return;
        }
        healthzTriedAtNs = clock.nanoTime();
        ProxyConfig.BindAddress at = config.healthzBindAddress();
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

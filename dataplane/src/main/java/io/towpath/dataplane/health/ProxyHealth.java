package io.towpath.dataplane.health;

import io.towpath.dataplane.control.SourceStatus;
import io.towpath.dataplane.http.HttpAnswer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.agrona.concurrent.NanoClock;

/**
 * Whether the proxy itself works (kube-proxy's pkg/proxy/healthcheck/proxy_health.go): a change that waits for longer than the time-out makes
 * it unhealthy, having nothing to do does not. Each address family counts on its own. The node's fate matters to /healthz only, which load
 * balancers look at, not to /livez. Unlike kube-proxy this one forwards by itself, so that workers that do not run make it unhealthy, too.
 *
 * <p>Written by the control thread, read by the server's.
 */
public final class ProxyHealth {
    /** The taint that the cluster autoscaler gives a node before it removes it. */
    private static final String TO_BE_DELETED = "ToBeDeletedByClusterAutoscaler";

    /** What Go writes for a time that never was. */
    private static final Instant NEVER = Instant.parse("0001-01-01T00:00:00Z");

    private final long timeoutNs;
    private final Supplier<Optional<SourceStatus>> source;
    private final Supplier<Optional<String>> workersFault;
    private final NanoClock clock;
    private final InstantSource wallClock;
    private final Family ipv4 = new Family();
    private final Family ipv6 = new Family();
    private boolean nodeEligible = true;

    /** Guarded by the outer object's lock. */
    private static final class Family {
        boolean pending;
        long pendingSinceNs;
        Instant updated = NEVER;
    }

    /**
     * @param source how it stands with the source of objects, nothing where there is none
     * @param workersFault what keeps workers from forwarding, nothing where they do; any thread
     * @param clock for time-outs
     * @param wallClock for what is shown
     */
    public ProxyHealth(
            Duration timeout,
            Supplier<Optional<SourceStatus>> source,
            Supplier<Optional<String>> workersFault,
            NanoClock clock,
            InstantSource wallClock) {
        this.timeoutNs = timeout.toNanos();
        this.source = source;
        this.workersFault = workersFault;
        this.clock = clock;
        this.wallClock = wallClock;
    }

    /** A change is known, but not in force yet. */
    public synchronized void queued(boolean isIpv6) {
        Family family = family(isIpv6);
        if (!family.pending) {
            family.pending = true;
            family.pendingSinceNs = clock.nanoTime();
        }
    }

    /** All changes known are in force. */
    public synchronized void updated(boolean isIpv6) {
        Family family = family(isIpv6);
        family.pending = false;
        family.updated = wallClock.instant();
    }

    /**
     * Takes over the state of the own node.
     *
     * @param taints keys
     */
    public synchronized void node(Collection<String> taints, boolean deleting) {
        nodeEligible = !deleting && !taints.contains(TO_BE_DELETED);
    }

    private Family family(boolean isIpv6) {
        return isIpv6 ? ipv6 : ipv4;
    }

    /** Returns whether workers forward and no change is late; the node's fate is left out. */
    public boolean isHealthy() {
        return isHealthy(workersFault.get());
    }

    private synchronized boolean isHealthy(Optional<String> fault) {
        return fault.isEmpty() && isHealthy(ipv4) && isHealthy(ipv6);
    }

    private boolean isHealthy(Family family) {
        return !family.pending || clock.nanoTime() - family.pendingSinceNs < timeoutNs;
    }

    /** Answers /healthz. */
    public synchronized HttpAnswer healthz() {
        Optional<String> fault = workersFault.get();
        boolean healthy = isHealthy(fault) && nodeEligible;
        Map<String, Object> body = times(healthy);
        body.put("nodeEligible", nodeEligible);
        addStatus(body, fault);
        source.get().ifPresent(status -> body.put("source", source(status)));
        return HttpAnswer.of(healthy, Map.of(), body);
    }

    /** Answers /livez. */
    public synchronized HttpAnswer livez() {
        Optional<String> fault = workersFault.get();
        boolean healthy = isHealthy(fault);
        Map<String, Object> body = times(healthy);
        addStatus(body, fault);
        return HttpAnswer.of(healthy, Map.of(), body);
    }

    /** Being idle looks as recent as having synced just now, as it always did. */
    private Map<String, Object> times(boolean healthy) {
        Instant now = wallClock.instant();
        Instant last = ipv4.updated.isAfter(ipv6.updated) ? ipv4.updated : ipv6.updated;
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("lastUpdated", healthy ? now : last);
        body.put("currentTime", now);
        return body;
    }

    private void addStatus(Map<String, Object> body, Optional<String> fault) {
        body.put("healthy", isHealthy(fault));
        fault.ifPresent(text -> body.put("reason", text));
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("IPv4", status(ipv4));
        status.put("IPv6", status(ipv6));
        body.put("status", status);
    }

    /** What went wrong is in the log only: anybody may ask here. */
    private static Map<String, Object> source(SourceStatus status) {
        Map<String, Object> source = new LinkedHashMap<>();
        source.put("state", status.state().label());
        source.put("connected", status.isConnected());
        return source;
    }

    private Map<String, Object> status(Family family) {
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("lastUpdated", family.updated);
        status.put("healthy", isHealthy(family));
        return status;
    }
}

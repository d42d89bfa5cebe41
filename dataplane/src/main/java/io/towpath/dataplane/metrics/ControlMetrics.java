package io.towpath.dataplane.metrics;

import io.prometheus.metrics.model.snapshots.Labels;
import io.towpath.dataplane.control.ClusterEvents;
import io.towpath.dataplane.control.NoLocalEndpoints;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.nat.UdpReconciler;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the control thread tells of itself under kube-proxy's names (pkg/proxy/metrics/metrics.go). It brings both address families up to date
 * in one go, so what kube-proxy's two proxiers count each is the same for both here.
 *
 * <p>Control thread, but for {@link #collect}.
 */
public final class ControlMetrics implements ClusterEvents, MetricSource {
    private static final Labels IPV4 = Labels.of("ip_family", "IPv4");
    private static final Labels IPV6 = Labels.of("ip_family", "IPv6");
    /** 1 ms to 16 s, as kube-proxy's. */
    private static final List<Double> SYNC_BUCKETS_S = Durations.doubling(0.001, 15);

    private final InstantSource wallClock;
    private final long startedMs;
    private final ProgrammingLatency latency;

    private final Durations syncs = new Durations(SYNC_BUCKETS_S);
    private final Durations scans = new Durations(SYNC_BUCKETS_S);
    private final Durations programmedIpv4 = new Durations(programmingBuckets());
    private final Durations programmedIpv6 = new Durations(programmingBuckets());
    private final AtomicLong queuedMs = new AtomicLong();
    private final AtomicLong syncedMs = new AtomicLong();
    private final AtomicLong services = new AtomicLong();
    private final AtomicLong servicesPending = new AtomicLong();
    private final AtomicLong endpoints = new AtomicLong();
    private final AtomicLong endpointsPending = new AtomicLong();

    private volatile NoLocalEndpoints.Counts noLocalEndpoints = new NoLocalEndpoints.Counts(0, 0, 0, 0);
    private volatile UdpReconciler.Totals reconciled = new UdpReconciler.Totals(0, 0, 0);

    /** What led to the slices that were told of since the last sync, milliseconds since 1970. */
    private final List<Long> triggersIpv4Ms = new ArrayList<>();

    private final List<Long> triggersIpv6Ms = new ArrayList<>();

    public ControlMetrics(InstantSource wallClock, ProgrammingLatency latency) {
        this.wallClock = wallClock;
        this.latency = latency;
        this.startedMs = wallClock.millis();
    }

    /** As kube-proxy's: fine where its goals are, coarse to 5 minutes. */
    private static List<Double> programmingBuckets() {
        List<Double> bounds = new ArrayList<>(List.of(0.25, 0.5));
        addSteps(bounds, 1, 59, 1);
        addSteps(bounds, 60, 115, 5);
        addSteps(bounds, 120, 300, 30);
        return bounds;
    }

    private static void addSteps(List<Double> bounds, int from, int to, int step) {
        for (int seconds = from; seconds <= to; seconds += step) {
            bounds.add((double) seconds);
        }
    }

    private static void add(AtomicLong count, long more) {
        count.setOpaque(count.getPlain() + more);
    }

    @Override
    public void upsert(ClusterObject object) {
        switch (object) {
            case Service _ -> changed(services, servicesPending);
            case EndpointSlice slice -> {
                changed(endpoints, endpointsPending);
                if (slice.lastChangeTriggerMs() >= startedMs) { // what was before this process is not its delay
                    (slice.addressType().equals("IPv6") ? triggersIpv6Ms : triggersIpv4Ms)
                            .add(slice.lastChangeTriggerMs());
                }
            }
            default -> {}
        }
    }

    @Override
    public void delete(ClusterObject.Key key) {
        switch (key.kind()) {
            case "Service" -> changed(services, servicesPending);
            case "EndpointSlice" -> changed(endpoints, endpointsPending);
            default -> {}
        }
    }

    private static void changed(AtomicLong total, AtomicLong pending) {
        add(total, 1);
        add(pending, 1);
    }

    /** Changes were told of and are about to be written to the maps. */
    public void queued() {
        queuedMs.setOpaque(wallClock.millis());
    }

    /**
     * The maps were written.
     *
     * @param receivedNs when the oldest change was heard of, of System.nanoTime; 0 where it was none
     */
    public void applied(long tookNs, NoLocalEndpoints.Counts without, long receivedNs) {
        syncs.observe(tookNs);
        noLocalEndpoints = without;
        long nowMs = wallClock.millis();
        triggersIpv4Ms.forEach(triggerMs -> programmedIpv4.observe(sinceNs(nowMs, triggerMs)));
        triggersIpv6Ms.forEach(triggerMs -> programmedIpv6.observe(sinceNs(nowMs, triggerMs)));
        List<Long> triggersMs = new ArrayList<>(triggersIpv4Ms);
        triggersMs.addAll(triggersIpv6Ms);
        latency.written(receivedNs, triggersMs);
        triggersIpv4Ms.clear();
        triggersIpv6Ms.clear();
    }

    /** The clock that set the trigger time may be ahead of this one. */
    private static long sinceNs(long nowMs, long triggerMs) {
        return Math.max(0, nowMs - triggerMs) * 1_000_000;
    }

    /** All changes that were told of are in force. */
    public void inForce() {
        syncedMs.setOpaque(wallClock.millis());
        servicesPending.setOpaque(0);
        endpointsPending.setOpaque(0);
    }

    /** Stale UDP connections were looked for. */
    public void reconciled(long tookNs, UdpReconciler.Totals totals) {
        scans.observe(tookNs);
        reconciled = totals;
    }

    @Override
    public void collect(Scrape scrape) {
        both(
                scrape,
                "kubeproxy_sync_proxy_rules_duration_seconds",
                "Time that writing changes to the maps took",
                syncs);
        time(
                scrape,
                "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
                "When all known changes came into force",
                syncedMs);
        time(
                scrape,
                "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
                "When changes were last seen",
                queuedMs);
        scrape.histograms(
                "kubeproxy_network_programming_duration_seconds",
                "Time from what led to a change of an EndpointSlice to the maps being written",
                List.of(programmedIpv4.snapshot(IPV4), programmedIpv6.snapshot(IPV6)));
        String pending = "changes that are not in force yet";
        scrape.gauge(
                "kubeproxy_sync_proxy_rules_endpoint_changes_pending",
                "EndpointSlice " + pending,
                endpointsPending.getOpaque());
        scrape.counter(
                "kubeproxy_sync_proxy_rules_endpoint_changes_total", "EndpointSlice changes", endpoints.getOpaque());
        scrape.gauge(
                "kubeproxy_sync_proxy_rules_service_changes_pending",
                "Service " + pending,
                servicesPending.getOpaque());
        scrape.counter("kubeproxy_sync_proxy_rules_service_changes_total", "Service changes", services.getOpaque());
        collectNoLocalEndpoints(scrape);
        both(
                scrape,
                "kubeproxy_conntrack_reconciler_sync_duration_seconds",
                "Time of a search for stale UDP connections",
                scans);
        UdpReconciler.Totals totals = reconciled;
        scrape.counters(
                "kubeproxy_conntrack_reconciler_deleted_entries_total",
                "Stale UDP connections that were ended",
                List.of(new Scrape.Value(IPV4, totals.endedIpv4()), new Scrape.Value(IPV6, totals.endedIpv6())));
    }

    private static void both(Scrape scrape, String name, String help, Durations durations) {
        scrape.histograms(name, help, List.of(durations.snapshot(IPV4), durations.snapshot(IPV6)));
    }

    private static void time(Scrape scrape, String name, String help, AtomicLong ms) {
        double seconds = ms.getOpaque() / 1e3;
        scrape.gauges(name, help, List.of(new Scrape.Value(IPV4, seconds), new Scrape.Value(IPV6, seconds)));
    }

    private void collectNoLocalEndpoints(Scrape scrape) {
        NoLocalEndpoints.Counts counts = noLocalEndpoints;
        scrape.gauges(
                "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
                "Service ports with a Local traffic policy that have endpoints, but none on this node",
                List.of(
                        new Scrape.Value(policy("IPv4", "internal"), counts.internalIpv4()),
                        new Scrape.Value(policy("IPv6", "internal"), counts.internalIpv6()),
                        new Scrape.Value(policy("IPv4", "external"), counts.externalIpv4()),
                        new Scrape.Value(policy("IPv6", "external"), counts.externalIpv6())));
    }

    private static Labels policy(String family, String policy) {
        return Labels.of("ip_family", family, "traffic_policy", policy);
    }
}

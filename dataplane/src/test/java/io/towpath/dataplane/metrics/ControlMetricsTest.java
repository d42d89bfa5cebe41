package io.towpath.dataplane.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.dataplane.control.NoLocalEndpoints;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.maps.Quiescence;
import io.towpath.nat.UdpReconciler;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ControlMetricsTest {
    private static final long START_MS = 1_700_000_000_000L;
    private static final NoLocalEndpoints.Counts NONE = new NoLocalEndpoints.Counts(0, 0, 0, 0);
    private static final String PROGRAMMED = "kubeproxy_network_programming_duration_seconds";

    private final Quiescence quiescence = new Quiescence(1);
    private long nowMs = START_MS;
    private long nowNs = 1;
    private final ProgrammingLatency latency =
            new ProgrammingLatency(quiescence, () -> nowNs, () -> Instant.ofEpochMilli(nowMs));
    private final ControlMetrics metrics = new ControlMetrics(() -> Instant.ofEpochMilli(nowMs), latency);

    private void passMs(long ms) {
        nowMs += ms;
        nowNs += ms * 1_000_000;
    }

    private static EndpointSlice slice(String addressType, long triggerMs) {
        return new EndpointSlice("ns", "web-1", "web", false, triggerMs, addressType, List.of(), List.of());
    }

    private Exposition scrape() {
        return Pages.scrape(metrics, latency);
    }

    @Test
    void shouldTellHowLongSyncsTakeAndWhenTheyWere() {
        passMs(1500);
        metrics.queued();
        passMs(100);
        metrics.applied(3_000_000, new NoLocalEndpoints.Counts(1, 2, 3, 4), 0);
        metrics.inForce();

        Exposition found = scrape();
        String sync = "kubeproxy_sync_proxy_rules_";
        for (String family : List.of("IPv4", "IPv6")) {
            assertEquals(0, found.value(sync + "duration_seconds_bucket", "ip_family=" + family + ", le=0.002"));
            assertEquals(1, found.value(sync + "duration_seconds_bucket", "ip_family=" + family + ", le=0.004"));
            assertEquals(0.003, found.value(sync + "duration_seconds_sum", "ip_family=" + family));
            assertEquals(1_700_000_001.5, found.value(sync + "last_queued_timestamp_seconds", "ip_family=" + family));
            assertEquals(1_700_000_001.6, found.value(sync + "last_timestamp_seconds", "ip_family=" + family));
        }
        String without = sync + "no_local_endpoints_total";
        assertEquals(1, found.value(without, "ip_family=IPv4, traffic_policy=internal"));
        assertEquals(2, found.value(without, "ip_family=IPv6, traffic_policy=internal"));
        assertEquals(3, found.value(without, "ip_family=IPv4, traffic_policy=external"));
        assertEquals(4, found.value(without, "ip_family=IPv6, traffic_policy=external"));
    }

    @Test
    void shouldCountChangesAsPendingUntilTheyAreInForce() {
        metrics.upsert(slice("IPv4", 0));
        metrics.upsert(slice("IPv6", 0));
        metrics.delete(new ClusterObject.Key("EndpointSlice", "ns", "web-1"));
        metrics.delete(new ClusterObject.Key("Service", "ns", "web"));
        metrics.delete(new ClusterObject.Key("Node", "", "node"));
        metrics.applied(1, NONE, 0);

        String sync = "kubeproxy_sync_proxy_rules_";
        assertEquals(3, scrape().value(sync + "endpoint_changes_pending", ""));
        assertEquals(1, scrape().value(sync + "service_changes_pending", ""));
        metrics.inForce();
        assertEquals(0, scrape().value(sync + "endpoint_changes_pending", ""));
        assertEquals(0, scrape().value(sync + "service_changes_pending", ""));
        assertEquals(3, scrape().value(sync + "endpoint_changes_total", ""));
        assertEquals(1, scrape().value(sync + "service_changes_total", ""));
    }

    @Test
    void shouldMeasureFromTheTriggerButNotWhatWasBeforeTheStart() {
        passMs(10_000);
        metrics.upsert(slice("IPv4", START_MS - 1));
        metrics.upsert(slice("IPv4", 0));
        metrics.upsert(slice("IPv4", nowMs - 700));
        metrics.upsert(slice("IPv6", nowMs - 3000));
        metrics.upsert(slice("IPv6", nowMs + 5000)); // by a clock that is ahead
        metrics.applied(1, NONE, 0);
        metrics.applied(1, NONE, 0);

        Exposition found = scrape();
        assertEquals(1, found.value(PROGRAMMED + "_count", "ip_family=IPv4"));
        assertEquals(0, found.value(PROGRAMMED + "_bucket", "ip_family=IPv4, le=0.5"));
        assertEquals(1, found.value(PROGRAMMED + "_bucket", "ip_family=IPv4, le=1.0"));
        assertEquals(2, found.value(PROGRAMMED + "_count", "ip_family=IPv6"));
        assertEquals(3, found.value(PROGRAMMED + "_sum", "ip_family=IPv6"));
        assertEquals(2 + 59 + 12 + 7 + 1, found.samples(PROGRAMMED).size() / 2 - 2, "bounds");
    }

    @Test
    void shouldMeasureUntilAWorkerIsDoneWithTheOldMaps() {
        quiescence.online(0);
        passMs(1000);
        metrics.upsert(slice("IPv4", nowMs - 400));
        metrics.applied(1, NONE, nowNs - 2_000_000);
        passMs(5);
        assertEquals(true, latency.poll(), "the worker is in the middle of a burst");
        assertEquals(0, scrape().value("towpath_programming_from_event_seconds_count", ""));

        quiescence.quiescent(0);
        latency.poll();
        assertEquals(false, latency.poll());

        assertEquals(0.007, scrape().value("towpath_programming_from_event_seconds_sum", ""));
        assertEquals(0.405, scrape().value("towpath_programming_from_trigger_seconds_sum", ""));
    }

    @Test
    void shouldTakeABlockedWorkerAsBeingThereAtOnce() {
        metrics.applied(1, NONE, nowNs);

        assertEquals(1, scrape().value("towpath_programming_from_event_seconds_count", ""));
        assertEquals(false, latency.poll());
    }

    @Test
    void shouldNotKeepTheControlThreadBusyForAWorkerThatHangs() {
        quiescence.online(0);
        for (int i = 0; i < 1000; i++) {
            metrics.applied(1, NONE, nowNs);
        }
        passMs(21);

        assertEquals(false, latency.poll());
        quiescence.quiescent(0);
        latency.poll();
        assertEquals(64, scrape().value("towpath_programming_from_event_seconds_count", ""));
    }

    @Test
    void shouldNotMeasureTheClusterAsItWasFound() {
        metrics.applied(1, NONE, 0);

        assertEquals(0, scrape().value("towpath_programming_from_event_seconds_count", ""));
    }

    @Test
    void shouldTellOfTheSearchForStaleConnections() {
        metrics.reconciled(5_000_000, new UdpReconciler.Totals(1, 3, 4));

        Exposition found = scrape();
        assertEquals(1, found.value("kubeproxy_conntrack_reconciler_sync_duration_seconds_count", "ip_family=IPv4"));
        assertEquals(3, found.value("kubeproxy_conntrack_reconciler_deleted_entries_total", "ip_family=IPv4"));
        assertEquals(4, found.value("kubeproxy_conntrack_reconciler_deleted_entries_total", "ip_family=IPv6"));
    }
}

package io.towpath.dataplane.engine;

import io.towpath.dataplane.control.ClusterEvents;
import io.towpath.dataplane.control.ClusterSource;
import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.health.HealthReporter;
import io.towpath.dataplane.metrics.Operator;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.UdpReconciler;
import java.util.function.Consumer;
import org.agrona.concurrent.Agent;

/** The one writer of the service maps and the neighbor map: takes over Kubernetes objects as they change and what the engine's standing in its network needs. */
final class ControlAgent implements Agent {
    private static final long SAY_INTERVAL_NS = 1_000_000_000;

    private final ClusterSource source;
    private final DesiredStates desiredStates;
    private final ServiceWriter writer;
    private final UdpReconciler reconciler;
    private final Standing standing;
    private final PortWatch ports;
    private final HealthReporter health;
    private final Operator operator;
    private final ClusterEvents events;
    private final WorkerSettings settings;
    private final ControlRest rest;
    private final Consumer<String> log;
    private boolean isPending;

    private boolean isUnsaid;
    private long saidAtNs = System.nanoTime() - SAY_INTERVAL_NS;
    private int servicePorts;
    private int changedSinceSaid;
    private int staleSinceSaid;

    /**
     * @param source null where there is none
     */
    ControlAgent(
            ClusterSource source,
            DesiredStates desiredStates,
            ServiceWriter writer,
            UdpReconciler reconciler,
            Standing standing,
            PortWatch ports,
            HealthReporter health,
            Operator operator,
            WorkerSettings settings,
            ControlRest rest,
            Consumer<String> log) {
        this.source = source;
        this.desiredStates = desiredStates;
        this.writer = writer;
        this.reconciler = reconciler;
        this.standing = standing;
        this.ports = ports;
        this.health = health;
        this.operator = operator;
        this.events = ClusterEvents.both(desiredStates, ClusterEvents.both(health, operator.metrics()));
        this.settings = settings;
        this.rest = rest;
        this.log = log;
        if (source != null) {
            source.onNews(rest::wake);
        }
    }

    @Override
    public void onStart() {
        rest.onStart();
    }

    @Override
    public int doWork() {
        long nowNs = System.nanoTime();
        int work = standing.update(nowNs) + ports.update(nowNs);
        if (source != null && source.poll(events)) {
            apply();
            work++;
        }
        say();
        int finished = writer.finish(System.nanoTime());
        if (finished > 0) {
            log.accept("services: there is room for " + finished + " service ports that there was none for before");
        }
        reconcile();
        settle();
        health.poll();
        return work + operator.poll();
    }

    /** Before the thread starts: opens the servers, and brings the maps to what the source says, if it knows yet. */
    void load() {
        health.poll();
        operator.poll();
        if (source == null || source.poll(events)) {
            apply();
        }
    }

    private void apply() {
        long beganNs = System.nanoTime();
        health.queued();
        operator.metrics().queued();
        DesiredStates.Changes changes = desiredStates.changes();
        changes.warnings().forEach(warning -> {
            log.accept("warning: " + warning.text());
            if (source != null) {
                source.report(warning);
            }
        });
        changes.change().nodeFacts().ifPresent(facts -> {
            settings.publish(facts);
            health.nodeAddresses(facts.nodeAddresses());
        });
        changedSinceSaid += writer.apply(changes.change());
        standing.onChange(changes.change());
        reconcile();
        health.applied();
        operator.metrics()
                .applied(
                        System.nanoTime() - beganNs,
                        desiredStates.noLocalEndpoints(),
                        source == null ? 0 : source.oldestReceivedNs());
        isPending = true;
        settle();
        servicePorts = changes.servicePorts();
        isUnsaid = true;
        say();
    }

    private void reconcile() {
        long beganNs = System.nanoTime();
        long scans = reconciler.totals().scans();
        int removed = reconciler.reconcile();
        staleSinceSaid += removed;
        isUnsaid |= removed > 0;
        if (reconciler.totals().scans() != scans) {
            operator.metrics().reconciled(System.nanoTime() - beganNs, reconciler.totals());
        }
    }

    /** One line for all that came within a while, so that a busy cluster does not fill the log. */
    private void say() {
        long nowNs = System.nanoTime();
        if (!isUnsaid || nowNs - saidAtNs < SAY_INTERVAL_NS) {
            return;
        }
        log.accept("services: " + servicePorts + " service ports, " + changedSinceSaid + " changed"
                + (staleSinceSaid > 0 ? ", " + staleSinceSaid + " stale UDP connections ended" : ""));
        isUnsaid = false;
        saidAtNs = nowNs;
        changedSinceSaid = 0;
        staleSinceSaid = 0;
    }

    /** Changes wait as long as the maps have no room for a part of them, or a worker for what it is to know. */
    private void settle() {
        boolean isDelivered = settings.offer();
        if (!isDelivered || reconciler.isPending()) {
            rest.shorten();
        }
        if (isPending && isDelivered && writer.isSettled()) {
            isPending = false;
            health.synced();
            operator.metrics().inForce();
        }
    }

    @Override
    public void onClose() {
        operator.close();
        health.close();
        if (source != null) {
            source.close();
        }
    }

    @Override
    public String roleName() {
        return "control";
    }
}

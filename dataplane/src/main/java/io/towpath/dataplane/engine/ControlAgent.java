package io.towpath.dataplane.engine;

import io.towpath.dataplane.control.ClusterEvents;
import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.control.ManifestDirectory;
import io.towpath.dataplane.health.HealthReporter;
import io.towpath.dataplane.router.Neighbors;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.UdpReconciler;
import java.util.function.Consumer;
import org.agrona.concurrent.Agent;

/** The one writer of the service maps and the neighbor map: takes over manifests as they change and what workers hear of neighbors. */
final class ControlAgent implements Agent {
    private final ManifestDirectory manifests;
    private final DesiredStates desiredStates;
    private final ServiceWriter writer;
    private final UdpReconciler reconciler;
    private final Neighbors neighbors;
    private final HealthReporter health;
    private final ClusterEvents events;
    private final WorkerSettings settings;
    private final Consumer<String> log;
    private boolean isPending;

    /**
     * @param manifests null where there are none
     */
    ControlAgent(
            ManifestDirectory manifests,
            DesiredStates desiredStates,
            ServiceWriter writer,
            UdpReconciler reconciler,
            Neighbors neighbors,
            HealthReporter health,
            WorkerSettings settings,
            Consumer<String> log) {
        this.manifests = manifests;
        this.desiredStates = desiredStates;
        this.writer = writer;
        this.reconciler = reconciler;
        this.neighbors = neighbors;
        this.health = health;
        this.events = ClusterEvents.both(desiredStates, health);
        this.settings = settings;
        this.log = log;
    }

    @Override
    public int doWork() {
        int work = neighbors.update(System.nanoTime());
        if (manifests != null && manifests.poll(events)) {
            apply();
            work++;
        }
        int finished = writer.finish(System.nanoTime());
        if (finished > 0) {
            log.accept("services: there is room for " + finished + " service ports that there was none for before");
        }
        settle();
        reconciler.reconcile(); // nothing is stale, but what went earlier may be free by now
        health.poll();
        return work;
    }

    /** Before the thread starts: brings the maps to what the manifests say. */
    void load() {
        if (manifests != null) {
            manifests.poll(events);
        }
        apply();
    }

    private void apply() {
        health.queued();
        DesiredStates.Changes changes = desiredStates.changes();
        changes.warnings().forEach(warning -> log.accept("warning: " + warning));
        changes.change().nodeFacts().ifPresent(facts -> {
            settings.publish(facts);
            health.nodeAddresses(facts.nodeAddresses());
        });
        int changed = writer.apply(changes.change());
        int stale = reconciler.reconcile();
        health.applied();
        isPending = true;
        settle();
        log.accept("services: " + changes.servicePorts() + " service ports, " + changed + " changed"
                + (stale > 0 ? ", " + stale + " stale UDP connections removed" : ""));
    }

    /** Changes wait as long as the maps have no room for a part of them, or a worker for what it is to know. */
    private void settle() {
        boolean isDelivered = settings.offer();
        if (isPending && isDelivered && writer.isSettled()) {
            isPending = false;
            health.synced();
        }
    }

    @Override
    public void onClose() {
        health.close();
        if (manifests != null) {
            manifests.close();
        }
    }

    @Override
    public String roleName() {
        return "control";
    }
}

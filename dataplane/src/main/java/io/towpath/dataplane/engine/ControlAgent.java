package io.towpath.dataplane.engine;

import io.towpath.dataplane.control.ClusterEvents;
import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.control.ManifestDirectory;
import io.towpath.dataplane.health.HealthReporter;
import io.towpath.nat.NodeFacts;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.UdpReconciler;
import java.util.function.Consumer;
import org.agrona.concurrent.Agent;

/** The one writer of the service maps and the neighbor map: takes over manifests as they change and what the engine's standing in its network needs. */
final class ControlAgent implements Agent {
    private final ManifestDirectory manifests;
    private final DesiredStates desiredStates;
    private final ServiceWriter writer;
    private final UdpReconciler reconciler;
    private final Standing standing;
    private final HealthReporter health;
    private final ClusterEvents events;
    private final Consumer<NodeFacts> settings;
    private final Consumer<String> log;

    /**
     * @param manifests null where there are none
     * @param settings told of each change of what the workers keep outside the maps
     */
    ControlAgent(
            ManifestDirectory manifests,
            DesiredStates desiredStates,
            ServiceWriter writer,
            UdpReconciler reconciler,
            Standing standing,
            HealthReporter health,
            Consumer<NodeFacts> settings,
            Consumer<String> log) {
        this.manifests = manifests;
        this.desiredStates = desiredStates;
        this.writer = writer;
        this.reconciler = reconciler;
        this.standing = standing;
        this.health = health;
        this.events = ClusterEvents.both(desiredStates, health);
        this.settings = settings;
        this.log = log;
    }

    @Override
    public int doWork() {
        int work = standing.update(System.nanoTime());
        if (manifests != null && manifests.poll(events)) {
            apply();
            work++;
        }
        writer.finish();
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
            settings.accept(facts);
            health.nodeAddresses(facts.nodeAddresses());
        });
        int changed = writer.apply(changes.change());
        standing.onChange(changes.change());
        int stale = reconciler.reconcile();
        health.synced();
        log.accept("services: " + changes.servicePorts() + " service ports, " + changed + " changed"
                + (stale > 0 ? ", " + stale + " stale UDP connections removed" : ""));
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

package io.towpath.dataplane.engine;

import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.control.ManifestDirectory;
import io.towpath.dataplane.health.HealthReporter;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.router.Neighbors;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.UdpReconciler;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
    private final Consumer<io.towpath.nat.DesiredState> settings;
    private final Consumer<String> log;
    private final Set<String> said = new HashSet<>();

    /**
     * @param manifests null where there are none
     * @param settings told each new state, for what the workers keep outside the maps
     */
    ControlAgent(
            ManifestDirectory manifests,
            DesiredStates desiredStates,
            ServiceWriter writer,
            UdpReconciler reconciler,
            Neighbors neighbors,
            HealthReporter health,
            Consumer<io.towpath.nat.DesiredState> settings,
            Consumer<String> log) {
        this.manifests = manifests;
        this.desiredStates = desiredStates;
        this.writer = writer;
        this.reconciler = reconciler;
        this.neighbors = neighbors;
        this.health = health;
        this.settings = settings;
        this.log = log;
    }

    @Override
    public int doWork() {
        int work = neighbors.update(System.nanoTime());
        if (manifests != null && manifests.poll()) {
            apply();
            work++;
        }
        writer.finish();
        health.poll();
        return work;
    }

    /** Brings the maps to what the manifests say now. */
    void apply() {
        health.queued();
        Collection<ClusterObject> objects = manifests == null ? List.of() : manifests.objects();
        DesiredStates.Result result = desiredStates.compute(objects);
        result.warnings().stream().filter(said::add).forEach(warning -> log.accept("warning: " + warning));
        said.retainAll(new HashSet<>(result.warnings()));
        settings.accept(result.state());
        int changes = writer.apply(result.state());
        int stale = reconciler.reconcile();
        health.replace(objects);
        health.synced(result.state().nodeAddresses());
        log.accept("services: " + result.state().servicePorts().size() + " service ports, " + changes + " changed"
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

package io.towpath.dataplane.engine;

import io.towpath.dataplane.control.ClusterSource;
import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.router.Neighbors;
import io.towpath.nat.NodeFacts;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.UdpReconciler;
import java.util.function.Consumer;
import org.agrona.concurrent.Agent;

/** The one writer of the service maps and the neighbor map: takes over Kubernetes objects as they change and what workers hear of neighbors. */
final class ControlAgent implements Agent {
    private final ClusterSource source;
    private final DesiredStates desiredStates;
    private final ServiceWriter writer;
    private final UdpReconciler reconciler;
    private final Neighbors neighbors;
    private final Consumer<NodeFacts> settings;
    private final Consumer<String> log;

    /**
     * @param source null where there is none
     * @param settings told of each change of what the workers keep outside the maps
     */
    ControlAgent(
            ClusterSource source,
            DesiredStates desiredStates,
            ServiceWriter writer,
            UdpReconciler reconciler,
            Neighbors neighbors,
            Consumer<NodeFacts> settings,
            Consumer<String> log) {
        this.source = source;
        this.desiredStates = desiredStates;
        this.writer = writer;
        this.reconciler = reconciler;
        this.neighbors = neighbors;
        this.settings = settings;
        this.log = log;
    }

    @Override
    public int doWork() {
        int work = neighbors.update(System.nanoTime());
        if (source != null && source.poll(desiredStates)) {
            apply();
            work++;
        }
        writer.finish();
        return work;
    }

    /** Before the thread starts: brings the maps to what the source says, if it knows yet. */
    void load() {
        if (source == null || source.poll(desiredStates)) {
            apply();
        }
    }

    private void apply() {
        DesiredStates.Changes changes = desiredStates.changes();
        changes.warnings().forEach(warning -> log.accept("warning: " + warning));
        changes.change().nodeFacts().ifPresent(settings);
        int changed = writer.apply(changes.change());
        int stale = reconciler.reconcile();
        log.accept("services: " + changes.servicePorts() + " service ports, " + changed + " changed"
                + (stale > 0 ? ", " + stale + " stale UDP connections removed" : ""));
    }

    @Override
    public void onClose() {
        if (source != null) {
            source.close();
        }
    }

    @Override
    public String roleName() {
        return "control";
    }
}

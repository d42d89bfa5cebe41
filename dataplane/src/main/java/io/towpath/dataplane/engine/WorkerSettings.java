package io.towpath.dataplane.engine;

import io.towpath.nat.NodeFacts;
import io.towpath.nat.NodeSettings;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.Function;

/** Hands the workers what they keep outside the maps. A worker whose queue is full gets it later, the latest only. Control thread only. */
final class WorkerSettings {
    private final Function<NodeFacts, NodeSettings> settings;
    private final List<Queue<Runnable>> queues = new ArrayList<>();
    private final List<Consumer<NodeSettings>> workers = new ArrayList<>();
    private final BitSet waiting = new BitSet();
    private NodeSettings latest;

    /** @param settings what workers must know of the node, by how the engine stands in its network */
    WorkerSettings(Function<NodeFacts, NodeSettings> settings) {
        this.settings = settings;
    }

    /**
     * Before the threads start.
     *
     * @param queue of the worker's commands
     * @param worker called by such a command, on the worker's thread
     */
    void add(Queue<Runnable> queue, Consumer<NodeSettings> worker) {
        queues.add(queue);
        workers.add(worker);
    }

    /** These hold from now on, for each worker when it takes them. */
    void publish(NodeFacts facts) {
        latest = settings.apply(facts);
        waiting.set(0, workers.size());
        offer();
    }

    /** Offers again what a full queue did not take; to be called each cycle. Returns whether all queues have the latest. */
    boolean offer() {
        NodeSettings settings = latest;
        for (int number = waiting.nextSetBit(0); number >= 0; number = waiting.nextSetBit(number + 1)) {
            Consumer<NodeSettings> worker = workers.get(number);
            if (queues.get(number).offer(() -> worker.accept(settings))) {
                waiting.clear(number);
            }
        }
        return waiting.isEmpty();
    }
}

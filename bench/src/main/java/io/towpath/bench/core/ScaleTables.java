package io.towpath.bench.core;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.packet.Reason;
import java.util.ArrayList;
import java.util.List;

/** Connections in one table, and the workers' pipelines over it. */
final class ScaleTables implements AutoCloseable {
    private final int flows;
    private final long startNs = System.nanoTime();
    private final List<CoreLoad> loads = new ArrayList<>();

    /** Opens connections; the workers may be put to work by other threads afterwards. */
    ScaleTables(int flows, int workers) {
        this.flows = flows;
        int capacity = Flows.capacity(flows) + (workers - 1) * Flows.NEW_FLOWS;
        RouterMaps maps = new RouterMaps(new AnonymousMapStore(), capacity, false, workers);
        CoreLoad first = new CoreLoad(CorePath.REPLY, flows, new RouterEngine(maps, 0));
        loads.add(first);
        for (int worker = 1; worker < workers; worker++) {
            loads.add(first.beside(new RouterEngine(maps, worker)));
        }
        loads.forEach(load -> load.engine().offline());
    }

    /**
     * Returns loads in which both directions of a connection are always the same worker's. Each has a part of the table to itself, as workers
     * do that open their connections themselves: they take entries a page at a time.
     */
    List<ScaleLoad> steered() {
        List<ScaleLoad> steered = new ArrayList<>();
        int share = Math.max(1, flows / loads.size());
        for (CoreLoad load : loads) {
            int first = Math.min(steered.size() * share, flows - share);
            steered.add(new ScaleTraffic(load, first, share, startNs));
        }
        return steered;
    }

    /** Returns loads in which each packet is the one's or the other's at random. */
    List<ScaleLoad> crossing() {
        return loads.stream()
                .<ScaleLoad>map(load -> new ScaleTraffic(load, 0, flows, startNs))
                .toList();
    }

    List<ScaleLoad> opening() {
        List<ScaleLoad> opening = new ArrayList<>();
        loads.forEach(load -> opening.add(new ScaleOpening(load, opening.size())));
        return opening;
    }

    /** Returns how many packets ended for a reason, of all workers. */
    long packets(Reason reason) {
        return loads.getFirst().engine().packets(reason);
    }

    /** Returns how many connections expired. */
    long expired() {
        return loads.stream().mapToLong(load -> load.engine().expired()).sum();
    }

    @Override
    public void close() {
        loads.reversed().forEach(CoreLoad::close); // the first one closes the maps
    }
}

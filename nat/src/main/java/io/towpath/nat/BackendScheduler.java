package io.towpath.nat;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.towpath.conntrack.Conntrack;
import io.towpath.maps.RecordMap;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Chooses a backend for a new connection by the service port's {@link Scheduler}. What round robin must remember is one word a set of backends,
 * moved on by an atomic add, so that workers take turns together. One per worker; nothing here allocates.
 *
 * <p>The least-connection family compares as net/netfilter/ipvs does: an active connection weighs as much as 256 inactive ones, and of
 * equals the first counts.
 */
final class BackendScheduler {
    static final String POSITIONS_MAP = "scheduler-positions";
    static final int POSITIONS_LAYOUT_VERSION = 1;
    /** One of the cluster set, one of the local set. */
    static final int POSITION_BYTES = 16;

    private static final int LOCAL_POSITION = 8;

    /** net/ipvs: {@code ip_vs_dest_conn_overhead} shifts active connections by 8 bits. */
    private static final long ACTIVE_WEIGHT = 256;

    private static final Scheduler[] SCHEDULERS = Scheduler.values();
    private static final VarHandle LONG = JAVA_LONG.varHandle().withInvokeExactBehavior();

    private final MemorySegment blocks;
    private final RecordMap positions;
    private final Conntrack conntrack;
    private final Random random;

    BackendScheduler(ServiceMaps maps, Conntrack conntrack, Random random) {
        this.blocks = maps.blocks();
        this.positions = maps.positions();
        this.conntrack = conntrack;
        this.random = random;
    }

    /** Returns how a Service's backends are chosen. */
    Scheduler of(long block) {
        return SCHEDULERS[ServiceBlock.scheduler(blocks, block)];
    }

    /**
     * Returns where the chosen backend's record begins.
     *
     * @param local whether the local set is in force, else the cluster set
     * @param count backends in the set, not 0
     */
    long choose(
            long block,
            boolean local,
            int count,
            long sourceHi,
            long sourceLo,
            int sourcePort,
            long destinationHi,
            long destinationLo) {
        long first = local ? ServiceBlock.localBackends(blocks, block) : ServiceBlock.clusterBackends(block);
        long table = local ? ServiceBlock.localTable(blocks, block) : ServiceBlock.clusterTable(blocks, block);
        return switch (of(block)) {
            case RANDOM -> record(first, random.nextInt(count));
            case RR -> record(first, (int) Long.remainderUnsigned(nextPosition(block, local), count));
            case WRR -> record(first, inTurn(block, local, table, count));
            case MH ->
                table == 0
                        ? rendezvous(block, first, count, Hashing.backend(sourceHi, sourceLo, sourcePort))
                        : record(
                                first,
                                ServiceBlock.tableEntry(blocks, table, Maglev.slot(sourceHi, sourceLo, sourcePort)));
            case SH -> rendezvous(block, first, count, Hashing.key(sourceHi, sourceLo));
            case DH -> rendezvous(block, first, count, Hashing.key(destinationHi, destinationLo));
            case LC -> leastConnections(first, count, false);
            case WLC -> leastConnections(first, count, true);
            case SED -> shortestDelay(first, count);
            case NQ -> neverQueue(first, count);
        };
    }

    private static long record(long first, int index) {
        return first + (long) index * ServiceBlock.RECORD_BYTES;
    }

    private long nextPosition(long block, boolean local) {
        long position = positions.offset(ServiceBlock.serviceId(blocks, block)) + (local ? LOCAL_POSITION : 0);
        return (long) LONG.getAndAdd(positions.data(), position, 1L);
    }

    private int inTurn(long block, boolean local, long table, int count) {
        long position = nextPosition(block, local);
        if (table == 0) { // equal weights, or there was no room for the order
            return (int) Long.remainderUnsigned(position, count);
        }
        int length = ServiceBlock.tableLength(blocks, table);
        return ServiceBlock.tableEntry(blocks, table, (int) Long.remainderUnsigned(position, length));
    }

    /**
     * Highest random weight (Thaler, Ravishankar 1998): a backend that leaves moves its own clients only, and needs no table. With weights,
     * by the logarithm of the score (Schindelhauer, Schomaker 2005).
     */
    private long rendezvous(long block, long first, int count, long key) {
        if (ServiceBlock.isWeighted(blocks, block)) {
            return weightedRendezvous(first, count, key);
        }
        long best = first;
        long bestScore = 0;
        long end = record(first, count);
        for (long backend = first; backend < end; backend += ServiceBlock.RECORD_BYTES) {
            long score = score(backend, key);
            if (backend == first || Long.compareUnsigned(score, bestScore) > 0) {
                best = backend;
                bestScore = score;
            }
        }
        return best;
    }

    private long weightedRendezvous(long first, int count, long key) {
        long best = first;
        double bestScore = Double.NEGATIVE_INFINITY;
        long end = record(first, count);
        for (long backend = first; backend < end; backend += ServiceBlock.RECORD_BYTES) {
            double unit = ((score(backend, key) >>> 11) + 1) * 0x1p-53; // in (0, 1]
            double score = Math.log(unit) / ServiceBlock.weight(blocks, backend);
            if (score > bestScore) {
                best = backend;
                bestScore = score;
            }
        }
        return best;
    }

    private long score(long backend, long key) {
        return Hashing.mix(key
                ^ Hashing.backend(
                        ServiceBlock.addressHi(blocks, backend),
                        ServiceBlock.addressLo(blocks, backend),
                        ServiceBlock.port(blocks, backend)));
    }

    private long leastConnections(long first, int count, boolean weighted) {
        long best = first;
        long bestOverhead = 0;
        int bestWeight = 1;
        long end = record(first, count);
        for (long backend = first; backend < end; backend += ServiceBlock.RECORD_BYTES) {
            int id = ServiceBlock.backendId(blocks, backend);
            long active = conntrack.activeConnections(id);
            long overhead = active * ACTIVE_WEIGHT + conntrack.connections(id) - active;
            int weight = weighted ? ServiceBlock.weight(blocks, backend) : 1;
            if (backend == first || overhead * bestWeight < bestOverhead * weight) {
                best = backend;
                bestOverhead = overhead;
                bestWeight = weight;
            }
        }
        return best;
    }

    private long shortestDelay(long first, int count) {
        long best = first;
        long bestDelay = 0;
        int bestWeight = 1;
        long end = record(first, count);
        for (long backend = first; backend < end; backend += ServiceBlock.RECORD_BYTES) {
            long delay = conntrack.activeConnections(ServiceBlock.backendId(blocks, backend)) + 1;
            int weight = ServiceBlock.weight(blocks, backend);
            if (backend == first || delay * bestWeight < bestDelay * weight) {
                best = backend;
                bestDelay = delay;
                bestWeight = weight;
            }
        }
        return best;
    }

    private long neverQueue(long first, int count) {
        long end = record(first, count);
        for (long backend = first; backend < end; backend += ServiceBlock.RECORD_BYTES) {
            if (conntrack.activeConnections(ServiceBlock.backendId(blocks, backend)) == 0) {
                return backend;
            }
        }
        return shortestDelay(first, count);
    }
}

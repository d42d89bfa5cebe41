package io.towpath.nat;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.towpath.wire.Prefix;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * One version of a service port in a block of native memory: written once by the control thread, then published by a release store of
 * its offset, never changed, and freed when no worker can still read it. All offsets in bytes, host byte order.
 *
 * <pre>
 *   0 service id      4 cluster backends   8 local backends    12 affinity time-out, s
 *  16 table of the cluster set (block offset, 0: none)         24 table of the local set
 *  32 source ranges  36 scheduler          40 weights differ (int, 0 or 1)
 *  64 cluster backends, then local backends: address hi, address lo, port (short), weight (short), backend id (int)
 *     source ranges: address hi, address lo, length in 128-bit terms (long)
 * </pre>
 *
 * <p>A table is a block of its own: length (long), then indexes into the set (shorts): Maglev's slots, or the order of weighted round robin.
 */
final class ServiceBlock {
    static final int RECORD_BYTES = 24;
    static final int HEADER_BYTES = 64;

    private static final int SERVICE_ID = 0;
    private static final int CLUSTER_COUNT = 4;
    private static final int LOCAL_COUNT = 8;
    private static final int AFFINITY_SECONDS = 12;
    private static final int CLUSTER_TABLE = 16;
    private static final int LOCAL_TABLE = 24;
    private static final int RANGE_COUNT = 32;
    private static final int SCHEDULER = 36;
    private static final int WEIGHTED = 40;
    private static final int TABLE_ENTRIES = 8;

    private ServiceBlock() {}

    static long bytes(ServicePort port, int ranges) {
        int records = port.clusterBackends().size() + port.localBackends().size() + ranges;
        return HEADER_BYTES + (long) records * RECORD_BYTES;
    }

    static void write(
            MemorySegment blocks,
            long block,
            ServicePort port,
            int serviceId,
            BackendIds ids,
            List<Prefix> ranges,
            long clusterTable,
            long localTable) {
        blocks.set(JAVA_INT, block + SERVICE_ID, serviceId);
        blocks.set(JAVA_INT, block + CLUSTER_COUNT, port.clusterBackends().size());
        blocks.set(JAVA_INT, block + LOCAL_COUNT, port.localBackends().size());
        blocks.set(JAVA_INT, block + AFFINITY_SECONDS, port.affinityTimeoutSeconds());
        blocks.set(JAVA_LONG, block + CLUSTER_TABLE, clusterTable);
        blocks.set(JAVA_LONG, block + LOCAL_TABLE, localTable);
        blocks.set(JAVA_INT, block + RANGE_COUNT, ranges.size());
        blocks.set(JAVA_INT, block + SCHEDULER, port.scheduler().ordinal());
        blocks.set(JAVA_INT, block + WEIGHTED, port.weights().isEmpty() ? 0 : 1);
        long at = block + HEADER_BYTES;
        for (BackendAddress backend : port.clusterBackends()) {
            at = writeBackend(blocks, at, backend, port.weight(backend), ids.of(backend));
        }
        for (BackendAddress backend : port.localBackends()) {
            at = writeBackend(blocks, at, backend, port.weight(backend), ids.of(backend));
        }
        for (Prefix range : ranges) {
            blocks.set(JAVA_LONG, at, range.address().hi());
            blocks.set(JAVA_LONG, at + 8, range.address().lo());
            blocks.set(JAVA_LONG, at + 16, range.bits());
            at += RECORD_BYTES;
        }
    }

    private static long writeBackend(MemorySegment blocks, long at, BackendAddress backend, int weight, int id) {
        blocks.set(JAVA_LONG, at, backend.address().hi());
        blocks.set(JAVA_LONG, at + 8, backend.address().lo());
        blocks.set(JAVA_SHORT, at + 16, (short) backend.port());
        blocks.set(JAVA_SHORT, at + 18, (short) weight);
        blocks.set(JAVA_INT, at + 20, id);
        return at + RECORD_BYTES;
    }

    /** Gives each backend of a service port its stable number. */
    @FunctionalInterface
    interface BackendIds {
        int of(BackendAddress backend);
    }

    static int serviceId(MemorySegment blocks, long block) {
        return blocks.get(JAVA_INT, block + SERVICE_ID);
    }

    static int clusterCount(MemorySegment blocks, long block) {
        return blocks.get(JAVA_INT, block + CLUSTER_COUNT);
    }

    static int localCount(MemorySegment blocks, long block) {
        return blocks.get(JAVA_INT, block + LOCAL_COUNT);
    }

    static int affinitySeconds(MemorySegment blocks, long block) {
        return blocks.get(JAVA_INT, block + AFFINITY_SECONDS);
    }

    static long clusterTable(MemorySegment blocks, long block) {
        return blocks.get(JAVA_LONG, block + CLUSTER_TABLE);
    }

    static long localTable(MemorySegment blocks, long block) {
        return blocks.get(JAVA_LONG, block + LOCAL_TABLE);
    }

    /** Returns the ordinal of the {@link Scheduler}. */
    static int scheduler(MemorySegment blocks, long block) {
        return blocks.get(JAVA_INT, block + SCHEDULER);
    }

    static boolean isWeighted(MemorySegment blocks, long block) {
        return blocks.get(JAVA_INT, block + WEIGHTED) != 0;
    }

    static long clusterBackends(long block) {
        return block + HEADER_BYTES;
    }

    static long localBackends(MemorySegment blocks, long block) {
        return block + HEADER_BYTES + (long) clusterCount(blocks, block) * RECORD_BYTES;
    }

    static long tableBytes(int length) {
        return TABLE_ENTRIES + 2L * length;
    }

    static void writeTable(MemorySegment blocks, long table, int[] indexes) {
        blocks.set(JAVA_LONG, table, indexes.length);
        for (int slot = 0; slot < indexes.length; slot++) {
            blocks.set(JAVA_SHORT, table + TABLE_ENTRIES + 2L * slot, (short) indexes[slot]);
        }
    }

    static int tableLength(MemorySegment blocks, long table) {
        return (int) blocks.get(JAVA_LONG, table);
    }

    static int tableEntry(MemorySegment blocks, long table, int slot) {
        return Short.toUnsignedInt(blocks.get(JAVA_SHORT, table + TABLE_ENTRIES + 2L * slot));
    }

    static long addressHi(MemorySegment blocks, long backend) {
        return blocks.get(JAVA_LONG, backend);
    }

    static long addressLo(MemorySegment blocks, long backend) {
        return blocks.get(JAVA_LONG, backend + 8);
    }

    static int port(MemorySegment blocks, long backend) {
        return Short.toUnsignedInt(blocks.get(JAVA_SHORT, backend + 16));
    }

    static int weight(MemorySegment blocks, long backend) {
        return Short.toUnsignedInt(blocks.get(JAVA_SHORT, backend + 18));
    }

    static int backendId(MemorySegment blocks, long backend) {
        return blocks.get(JAVA_INT, backend + 20);
    }

    /** Returns whether a source address is in one of the service's source ranges. */
    static boolean isInRanges(MemorySegment blocks, long block, long hi, long lo) {
        int count = blocks.get(JAVA_INT, block + RANGE_COUNT);
        long at = localBackends(blocks, block) + (long) localCount(blocks, block) * RECORD_BYTES;
        for (int i = 0; i < count; i++, at += RECORD_BYTES) {
            int bits = (int) blocks.get(JAVA_LONG, at + 16);
            if (Prefix.matches(hi, lo, blocks.get(JAVA_LONG, at), blocks.get(JAVA_LONG, at + 8), bits)) {
                return true;
            }
        }
        return false;
    }
}

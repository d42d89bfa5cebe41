package io.towpath.dataplane.engine;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.towpath.maps.MapStore;
import io.towpath.maps.RecordMap;
import java.lang.invoke.VarHandle;

/**
 * When each worker began its last cycle, in the map {@code heartbeats}: one long a worker, on the clock of {@code System.nanoTime}; each is
 * its worker's to write. It tells the next process how long nobody forwarded.
 */
final class Heartbeats {
    private static final String MAP = "heartbeats";
    private static final int LAYOUT_VERSION = 1;
    /** Adjacent lines are fetched in pairs. */
    private static final int BYTES = 128;

    private static final VarHandle LONG = JAVA_LONG.varHandle().withInvokeExactBehavior();

    private final RecordMap records;

    private Heartbeats(RecordMap records) {
        this.records = records;
    }

    static Heartbeats resume(MapStore store) {
        return new Heartbeats(RecordMap.resume(store, MAP, LAYOUT_VERSION, BYTES, EngineConfig.WORKERS_MAX));
    }

    /** Returns the last beat of any worker, 0 where there was none. */
    long lastNs() {
        long last = 0;
        for (int worker = 0; worker < EngineConfig.WORKERS_MAX; worker++) {
            last = Math.max(last, (long) LONG.getOpaque(records.data(), records.offset(worker)));
        }
        return last;
    }

    void beat(int worker, long nowNs) {
        LONG.setOpaque(records.data(), records.offset(worker), nowNs);
    }
}

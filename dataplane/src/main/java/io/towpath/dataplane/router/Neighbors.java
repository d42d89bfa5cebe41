package io.towpath.dataplane.router;

import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.maps.WordMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/**
 * The MAC addresses of neighbors. Workers read the map and report what they hear; the control thread alone writes it. An entry that nobody
 * confirmed for a while is forgotten, and asked for again when it is needed.
 */
public final class Neighbors {
    private static final long KNOWN = 1L << 62;
    private static final long MAC_MASK = (1L << 48) - 1;
    /** Linux asks again after 30 s (base_reachable_time) and drops after 60 s more. */
    private static final long FORGET_AFTER_NS = 90_000_000_000L;

    private static final int REPORTS_LIMIT = 256;
    /** Neighbors known at once; those beyond it are not remembered. */
    private static final int CAPACITY = 16_384;

    private final WordMap map;
    private final Queue<Heard> reports;
    private final Map<Key, Long> heardAtNs = new HashMap<>();

    /** A worker heard from a neighbor. */
    public record Heard(int port, long hi, long lo, long mac, long nowNs) {}

    private record Key(int port, long hi, long lo) {}

    private Neighbors(WordMap map, Queue<Heard> reports) {
        this.map = map;
        this.reports = reports;
    }

    /**
     * Creates the map {@code neighbors}.
     *
     * @param seed of the table's hash
     * @param reports bounded where workers are other threads: many producers, one consumer
     */
    public static Neighbors create(MapStore store, long seed, Quiescence quiescence, Queue<Heard> reports) {
        return new Neighbors(WordMap.create(store, "neighbors", CAPACITY, seed, quiescence), reports);
    }

    /** Returns the MAC address, -1 where it is not known. Any thread. */
    long mac(int port, long hi, long lo) {
        long value = map.get(hi, lo, port);
        return value == 0 ? -1 : value & MAC_MASK;
    }

    /** Tells the control thread. Worker threads; rare, so that it may allocate. A full queue loses a report, and the next one counts. */
    public void report(int port, long hi, long lo, long mac, long nowNs) {
        reports.offer(new Heard(port, hi, lo, mac, nowNs));
    }

    /** Takes over what was heard. Control thread. Returns how much it did. */
    public int update(long nowNs) {
        int work = 0;
        for (Heard heard = reports.poll(); heard != null && work < REPORTS_LIMIT; heard = reports.poll(), work++) {
            if (map.put(heard.hi(), heard.lo(), heard.port(), KNOWN | heard.mac())) {
                heardAtNs.put(new Key(heard.port(), heard.hi(), heard.lo()), heard.nowNs());
            }
        }
        heardAtNs.entrySet().removeIf(entry -> {
            boolean old = nowNs - entry.getValue() > FORGET_AFTER_NS;
            if (old) {
                map.remove(
                        entry.getKey().hi(), entry.getKey().lo(), entry.getKey().port());
            }
            return old;
        });
        return work;
    }
}

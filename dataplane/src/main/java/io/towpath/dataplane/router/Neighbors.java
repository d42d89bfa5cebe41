package io.towpath.dataplane.router;

import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.maps.WordMap;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/**
 * The MAC addresses of neighbors. Workers read the map and report what they hear; the control thread alone writes it.
 *
 * <p>An entry that nobody confirmed for a while is marked, and the worker that uses it next asks the neighbor, while packets go on: a peer
 * that gets a stream and sends none has no reason to ask for us. It is forgotten when three requests had no answer, or when nobody used it.
 */
public final class Neighbors {
    private static final long KNOWN = 1L << 62;
    private static final long ASK = 1L << 61;
    private static final long MAC_MASK = (1L << 48) - 1;

    /** Linux' base_reachable_time: 30 s. */
    private static final long CONFIRM_AFTER_NS = 30_000_000_000L;
    /** Unused and unconfirmed, an entry is kept 60 s more: Linux' gc_staletime. */
    private static final long FORGET_AFTER_NS = 90_000_000_000L;
    /** MAX_UNICAST_SOLICIT (RFC 4861 section 10), Linux' ucast_solicit. */
    private static final int ASK_LIMIT = 3;
    /** RETRANS_TIMER (RFC 4861 section 10). */
    private static final long ASK_INTERVAL_NS = 1_000_000_000L;
    /** All entries are looked at this often, not in each cycle: about a millisecond for a full map. */
    private static final long SWEEP_INTERVAL_NS = 250_000_000L;

    private static final int REPORTS_LIMIT = 256;
    /** Neighbors known at once; those beyond it are not remembered. */
    private static final int CAPACITY = 16_384;

    /** Instead of a MAC address: the worker asked for it. */
    private static final long ASKED = -1;

    private static final VarHandle VERSION;

    static {
        try {
            VERSION = MethodHandles.lookup().findVarHandle(Neighbors.class, "version", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final WordMap map;
    private final Queue<Report> reports;
    private final Map<Key, Entry> entries = new HashMap<>();
    private long sweptAtNs = Long.MIN_VALUE / 2;
    /** Written by the control thread; from 1, so that nothing is of version 0. */
    private long version = 1;

    /** A worker heard from a neighbor, or asked it. */
    public record Report(int port, long hi, long lo, long mac, long nowNs) {}

    private record Key(int port, long hi, long lo) {}

    private static final class Entry {
        private long mac;
        private long heardAtNs;
        /** Whether the map has the mark. */
        private boolean marked;
        /** Requests since the neighbor was heard last, and when the last of them was sent. */
        private int asked;

        private long askedAtNs;
    }

    private Neighbors(WordMap map, Queue<Report> reports) {
        this.map = map;
        this.reports = reports;
    }

    /**
     * Creates the map {@code neighbors}.
     *
     * @param seed of the table's hash
     * @param reports bounded where workers are other threads: many producers, one consumer
     */
    public static Neighbors create(MapStore store, long seed, Quiescence quiescence, Queue<Report> reports) {
        return new Neighbors(WordMap.create(store, "neighbors", CAPACITY, seed, quiescence), reports);
    }

    /** Returns what is known of a neighbor, for {@link #mac(long)} and {@link #isToBeAsked}. Any thread. */
    long lookup(int port, long hi, long lo) {
        return map.get(hi, lo, port);
    }

    /** Returns the MAC address of what was looked up, -1 where it is not known. */
    static long mac(long found) {
        return found == 0 ? -1 : found & MAC_MASK;
    }

    /** Returns whether who uses what was looked up shall ask the neighbor. */
    static boolean isToBeAsked(long found) {
        return (found & ASK) != 0;
    }

    /** Returns the MAC address, -1 where it is not known. Any thread. */
    public long mac(int port, long hi, long lo) {
        return mac(lookup(port, hi, lo));
    }

    /** Tells the control thread. Worker threads; rare, so that it may allocate. A full queue loses a report, and the next one counts. */
    public void report(int port, long hi, long lo, long mac, long nowNs) {
        reports.offer(new Report(port, hi, lo, mac, nowNs));
    }

    /** As {@link #report}: a request was sent because {@link #isToBeAsked} said so. */
    void reportAsked(int port, long hi, long lo, long nowNs) {
        reports.offer(new Report(port, hi, lo, ASKED, nowNs));
    }

    /** Takes over what was heard. Control thread. Returns how much it did. */
    public int update(long nowNs) {
        int work = 0;
        while (work < REPORTS_LIMIT) {
            Report report = reports.poll();
            if (report == null) {
                break;
            }
            if (report.mac() == ASKED) {
                onAsked(report);
            } else {
                onHeard(report);
            }
            work++;
        }
        if (nowNs - sweptAtNs >= SWEEP_INTERVAL_NS) {
            sweptAtNs = nowNs;
            entries.entrySet().removeIf(entry -> !isKept(entry.getKey(), entry.getValue(), nowNs));
        }
        return work;
    }

    /** Forgets all neighbors of a port, as another device is there now and may have other addresses. Control thread. */
    public void forget(int port) {
        entries.keySet().removeIf(key -> {
            if (key.port() == port) {
                map.remove(key.hi(), key.lo(), port);
            }
            return key.port() == port;
        });
        changed();
    }

    private void onHeard(Report report) {
        if (put(new Key(report.port(), report.hi(), report.lo()), KNOWN | report.mac())) {
            Entry entry = entries.computeIfAbsent(new Key(report.port(), report.hi(), report.lo()), key -> new Entry());
            entry.mac = report.mac();
            entry.heardAtNs = report.nowNs();
            entry.marked = false;
            entry.asked = 0;
        }
    }

    private boolean put(Key key, long value) {
        boolean hasRoom = map.put(key.hi(), key.lo(), key.port(), value);
        changed();
        return hasRoom;
    }

    private void changed() {
        VERSION.setRelease(this, version + 1); // after the change: who sees the number sees that
    }

    /** Returns a number that grows with each change of what {@link #lookup} says. Any thread. */
    long versionAcquire() {
        return (long) VERSION.getAcquire(this);
    }

    /** Of several workers that asked at once only the first one counts. */
    private void onAsked(Report report) {
        Key key = new Key(report.port(), report.hi(), report.lo());
        Entry entry = entries.get(key);
        if (entry != null && entry.marked) {
            mark(key, entry, false);
            entry.asked++;
            entry.askedAtNs = report.nowNs();
        }
    }

    private void mark(Key key, Entry entry, boolean marked) {
        entry.marked = marked;
        put(key, KNOWN | (marked ? ASK : 0) | entry.mac);
    }

    /** Marks an entry when it is time for the next request, and removes it from the map when it is to be forgotten. */
    private boolean isKept(Key key, Entry entry, long nowNs) {
        long silentNs = nowNs - entry.heardAtNs;
        boolean answerIsDue = entry.asked > 0 && nowNs - entry.askedAtNs < ASK_INTERVAL_NS;
        boolean isUsed = entry.asked > 0 && nowNs - entry.askedAtNs < ASK_LIMIT * ASK_INTERVAL_NS;
        boolean hasFailed = entry.asked == ASK_LIMIT && !answerIsDue;
        if (hasFailed || silentNs > FORGET_AFTER_NS && !isUsed) {
            map.remove(key.hi(), key.lo(), key.port());
            changed();
            return false;
        }
        if (silentNs >= CONFIRM_AFTER_NS && !entry.marked && !answerIsDue) {
            mark(key, entry, true);
        }
        return true;
    }
}

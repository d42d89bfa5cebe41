package io.towpath.dataplane.router;

import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.maps.WordMap;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
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
    /** Neighbors known at once, of all ports: a new one takes the place of one of the port that has most. */
    static final int CAPACITY = 16_384;

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
    /** By port, and there in the order of their last sign of life or use. */
    private final Map<Integer, Map<Key, Entry>> ports = new HashMap<>();

    private int size;
    /** Whether {@link #lookup} says something else of a neighbor that it knew. */
    private boolean changed;

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
            ports.values().forEach(port -> sweep(port, nowNs));
        }
        publishChange();
        return work;
    }

    /** Forgets all neighbors of a port, as another device is there now and may have other addresses. Control thread. */
    public void forget(int port) {
        Map<Key, Entry> known = ports.remove(port);
        if (known != null) {
            known.keySet().forEach(this::remove);
        }
        publishChange();
    }

    private void onHeard(Report report) {
        Key key = new Key(report.port(), report.hi(), report.lo());
        Map<Key, Entry> known = ports.computeIfAbsent(
                report.port(), port -> new LinkedHashMap<>(16, 0.75f, true)); // in order of access
        Entry entry = known.get(key);
        if (entry == null) {
            makeRoom();
            if (!put(key, KNOWN | report.mac())) {
                return; // workers still read what was removed: it is heard again
            }
            entry = new Entry();
            known.put(key, entry);
            size++;
        } else if (entry.marked || entry.mac != report.mac()) {
            changed |= entry.mac != report.mac();
            put(key, KNOWN | report.mac());
        }
        entry.mac = report.mac();
        entry.heardAtNs = report.nowNs();
        entry.marked = false;
        entry.asked = 0;
    }

    /** One port's hosts must not shut those of others out, however many addresses they say they have. */
    private void makeRoom() {
        if (size == CAPACITY) {
            Map<Key, Entry> fullest = Collections.max(ports.values(), Comparator.comparingInt(Map::size));
            Key oldest = fullest.keySet().iterator().next();
            fullest.remove(oldest);
            remove(oldest);
        }
    }

    private boolean put(Key key, long value) {
        return map.put(key.hi(), key.lo(), key.port(), value);
    }

    private void remove(Key key) {
        map.remove(key.hi(), key.lo(), key.port());
        size--;
        changed = true;
    }

    private void publishChange() {
        if (changed) {
            changed = false;
            VERSION.setRelease(this, version + 1); // after the change: who sees the number sees that
        }
    }

    /**
     * Returns a number that grows when {@link #lookup} says something else of a neighbor that it knew, once for all such changes of an
     * {@link #update}. Any thread.
     */
    long versionAcquire() {
        return (long) VERSION.getAcquire(this);
    }

    /** Of several workers that asked at once only the first one counts. */
    private void onAsked(Report report) {
        Key key = new Key(report.port(), report.hi(), report.lo());
        Entry entry = ports.getOrDefault(report.port(), Map.of()).get(key);
        if (entry != null && entry.marked) {
            mark(key, entry, false);
            entry.asked++;
            entry.askedAtNs = report.nowNs();
        }
    }

    private void mark(Key key, Entry entry, boolean marked) {
        entry.marked = marked;
        changed |= marked; // workers know the others by heart
        put(key, KNOWN | (marked ? ASK : 0) | entry.mac);
    }

    private void sweep(Map<Key, Entry> port, long nowNs) {
        port.entrySet().removeIf(entry -> !isKept(entry.getKey(), entry.getValue(), nowNs));
    }

    /** Marks an entry when it is time for the next request, and removes it from the map when it is to be forgotten. */
    private boolean isKept(Key key, Entry entry, long nowNs) {
        long silentNs = nowNs - entry.heardAtNs;
        boolean answerIsDue = entry.asked > 0 && nowNs - entry.askedAtNs < ASK_INTERVAL_NS;
        boolean isUsed = entry.asked > 0 && nowNs - entry.askedAtNs < ASK_LIMIT * ASK_INTERVAL_NS;
        boolean hasFailed = entry.asked == ASK_LIMIT && !answerIsDue;
        if (hasFailed || silentNs > FORGET_AFTER_NS && !isUsed) {
            remove(key);
            return false;
        }
        if (silentNs >= CONFIRM_AFTER_NS && !entry.marked && !answerIsDue) {
            mark(key, entry, true);
        }
        return true;
    }
}

package io.towpath.conntrack;

import io.towpath.maps.CounterMap;
import io.towpath.maps.MapStore;
import io.towpath.packet.FiveTuple;

/**
 * Counts the connections of each backend, for schedulers that want the least: those that are active, and all. TCP and SCTP connections are
 * active while established, others for as long as they live. A block per worker, each written by its own thread only.
 *
 * <p><b>Why the sums are exact</b> as soon as no thread is in the middle of a change: from its publication until it is
 * {@link Entry#GONE} an entry's state word is changed by atomic read-modify-writes only, so its values form one sequence, and each step of it is won by one thread, which counts the
 * difference between what it read and what it wrote. The differences of an entry therefore add up to what its present state counts for.
 * {@link Entry#GONE} ends the sequence, as no transition begins there, and counts for nothing. No addition is lost, as no two threads add
 * to one word.
 *
 * <p>A sum that is taken while workers count may see a connection's end and miss its beginning; it is never returned as less than 0.
 */
final class BackendConnections {
    static final String MAP = "backend-connections";

    /** Active connections where other counter maps have packets, all where they have bytes. */
    private final CounterMap counts;

    BackendConnections(MapStore store, int blocks, int backends) {
        this.counts = CounterMap.create(store, MAP, blocks, backends);
    }

    /** A new entry is about to be published. */
    void created(ConntrackWorker worker, long entry) {
        count(worker, entry, active(entry, Entry.state(entry)), 1);
    }

    /** Moves an entry's state on. Returns false, and changes nothing, if the state is not {@code old} any more. */
    boolean changeState(ConntrackWorker worker, long entry, int old, int next) {
        if (!Entry.changeState(entry, old, next)) {
            return false;
        }
        int difference = active(entry, next) - active(entry, old);
        if (difference != 0) {
            count(worker, entry, difference, 0);
        }
        return true;
    }

    /** An entry's states have ended ({@link Entry#beginRemoval}). */
    void removed(ConntrackWorker worker, long entry, int lastState) {
        count(worker, entry, -active(entry, lastState), -1);
    }

    private void count(ConntrackWorker worker, long entry, int active, int all) {
        int backendId = Entry.backendId(entry);
        if (backendId != 0 || Entry.isTemplate(entry)) {
            counts.add(worker.number(), backendId, active, all);
        }
    }

    private static int active(long entry, int state) {
        return switch (Entry.protocol(entry)) {
            case FiveTuple.TCP -> state == TcpState.ESTABLISHED ? 1 : 0;
            case FiveTuple.SCTP -> state == SctpState.ESTABLISHED ? 1 : 0;
            default -> 1;
        };
    }

    /** Returns how many session affinity templates there are: they stand under the backend id 0, which means none. */
    long templates() {
        return all(0);
    }

    long active(int backendId) {
        return Math.max(0, counts.packets(backendId));
    }

    long all(int backendId) {
        return Math.max(0, counts.bytes(backendId));
    }
}

package io.towpath.conntrack;

import io.towpath.bench.Rig;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.ServiceMaps;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;

/**
 * A table that the states of a stress test share. Workers 0 and 1 are the two actors, which announce a quiescent point after each turn;
 * worker 2 makes and removes connections before and after the race.
 *
 * <p>A connection is known by its number, from which all that is in its entry follows, so that a reader can tell a whole entry.
 */
final class StressTable {
    static final int HOUSEKEEPER = 2;

    private static final long VIP = 0xFFFF_0A60_0001L;
    private static final long BACKEND = 0xFFFF_0A01_0001L;
    private static final long IPV6_NET = 0x2001_0DB8_0000_0000L;
    private static final long MIXER = 0x9E3779B97F4A7C15L;
    /** Bits of a number that are the backend's: a fast machine makes more connections than there are backends. */
    private static final long BACKEND_BITS = ServiceMaps.BACKENDS - 1;

    final Quiescence quiescence = new Quiescence(2);
    final Conntrack conntrack;

    StressTable(int entries) {
        conntrack = Rig.conntrack(new AnonymousMapStore(), entries, 3, quiescence);
        quiescence.online(0);
        quiescence.online(1);
    }

    /** Every other pair of connections is of IPv6. */
    private static long hi(long number) {
        return (number & 2) == 0 ? 0 : IPV6_NET;
    }

    private static long client(long number) {
        return Address.mapped((int) number);
    }

    private static long original(int port) {
        return FiveTuple.transport(port, 80, FiveTuple.UDP);
    }

    private static long reply(int port) {
        return FiveTuple.transport(8080, port, FiveTuple.UDP);
    }

    /**
     * Creates connection {@code number}.
     *
     * @param port of the client
     * @param replyPort that the backend sees
     */
    long create(int worker, long number, int port, int replyPort) {
        return create(worker, number, port, replyPort, FiveTuple.UDP, 0);
    }

    long create(int worker, long number, int port, int replyPort, int protocol, long nowNs) {
        ConntrackWorker w = conntrack.worker(worker);
        w.originalSourceHi = hi(number);
        w.originalSourceLo = client(number);
        w.originalDestinationHi = hi(number);
        w.originalDestinationLo = VIP;
        w.originalTransport = FiveTuple.transport(port, 80, protocol);
        w.replySourceHi = hi(number);
        w.replySourceLo = BACKEND;
        w.replyDestinationHi = hi(number);
        w.replyDestinationLo = client(number);
        w.replyTransport = FiveTuple.transport(8080, replyPort, protocol);
        return create(w, number, nowNs);
    }

    /** Creates a connection whose original tuple is the reply tuple of {@code number} and {@code port}; its reply tuple is that of another port. */
    long createFromBackend(int worker, long number, int port, int otherPort) {
        ConntrackWorker w = conntrack.worker(worker);
        w.originalSourceHi = hi(number);
        w.originalSourceLo = BACKEND;
        w.originalDestinationHi = hi(number);
        w.originalDestinationLo = client(number);
        w.originalTransport = reply(port);
        w.replySourceHi = hi(number);
        w.replySourceLo = client(number);
        w.replyDestinationHi = hi(number);
        w.replyDestinationLo = VIP;
        w.replyTransport = original(otherPort);
        return create(w, number, 0);
    }

    private long create(ConntrackWorker w, long number, long nowNs) {
        w.natFlags = Entry.TRANSLATED;
        w.deltas = (int) (number * MIXER);
        w.serviceId = (int) (number * MIXER >>> 32);
        w.backendId = (int) (number & BACKEND_BITS);
        return conntrack.create(w, nowNs);
    }

    long lookupOriginal(long number, int port) {
        long transport = original(port);
        return lookup(hi(number), client(number), VIP, transport);
    }

    long lookupReply(long number, int port) {
        long transport = reply(port);
        return lookup(hi(number), BACKEND, client(number), transport);
    }

    /** Returns the lines of the index that an original tuple may be in, as a number of its own for each pair. */
    long lines(long number, int port) {
        long hash = conntrack.index().hash(hi(number), client(number), hi(number), VIP, original(port));
        return conntrack.index().line(hash) << 32 ^ conntrack.index().secondLine(hash);
    }

    private long lookup(long hi, long source, long destination, long transport) {
        long hash = conntrack.index().hash(hi, source, hi, destination, transport);
        return conntrack.index().lookup(hash, hi, source, hi, destination, transport);
    }

    /** Returns whether an entry has what {@link #create} put in, in all of its parts. */
    boolean isWhole(long handle, long number) {
        long entry = Conntrack.entry(handle);
        return EntryTuple.sourceLo(entry, 0) == client(number)
                && EntryTuple.destinationLo(entry, 1) == client(number)
                && Entry.natFlags(entry) == Entry.TRANSLATED
                && Entry.deltas(entry) == (int) (number * MIXER)
                && Entry.serviceId(entry) == (int) (number * MIXER >>> 32)
                && Entry.backendId(entry) == (int) (number & BACKEND_BITS);
    }

    /** Ends an actor's turn as a worker ends its cycle: entries it removed become free, and it holds none. */
    void endTurn(int worker) {
        conntrack.sweep(conntrack.worker(worker), 0, 0);
        quiescence.quiescent(worker);
    }

    /** As {@link #endTurn}, of a worker that keeps no free entries for itself: it shall not have all those of a small table in the end. */
    void endTurnSharing(int worker) {
        endTurn(worker);
        EntryLists lists = conntrack.worker(worker).lists(false);
        while (lists.freeCount > 0) {
            int entry = lists.free;
            lists.free = Entry.link(conntrack.pages().address(entry));
            lists.freeCount--;
            conntrack.pool(false).share(entry);
        }
    }

    /** Creates a connection for the actors to fight over; any thread. */
    synchronized long prepare(long number, int port) {
        long handle = create(HOUSEKEEPER, number, port, port);
        if (handle < 0) {
            throw new IllegalStateException("the table of the stress test is full");
        }
        return handle;
    }

    /** Takes out a connection after the race, if it is there; any thread. Returns whether it was. */
    synchronized boolean clear(long handle) {
        boolean removed = handle >= 0 && conntrack.remove(conntrack.worker(HOUSEKEEPER), handle);
        conntrack.sweep(conntrack.worker(HOUSEKEEPER), 0, 0);
        return removed;
    }
}

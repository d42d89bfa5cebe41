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
        ConntrackWorker w = conntrack.worker(worker);
        w.originalSourceHi = hi(number);
        w.originalSourceLo = client(number);
        w.originalDestinationHi = hi(number);
        w.originalDestinationLo = VIP;
        w.originalTransport = original(port);
        w.replySourceHi = hi(number);
        w.replySourceLo = BACKEND;
        w.replyDestinationHi = hi(number);
        w.replyDestinationLo = client(number);
        w.replyTransport = reply(replyPort);
        w.natFlags = Entry.TRANSLATED;
        w.deltas = (int) (number * MIXER);
        w.serviceId = (int) (number * MIXER >>> 32);
        w.backendId = (int) (number & BACKEND_BITS);
        return conntrack.create(w, 0);
    }

    long lookupOriginal(long number, int port) {
        long transport = original(port);
        return lookup(hi(number), client(number), VIP, transport);
    }

    long lookupReply(long number, int port) {
        long transport = reply(port);
        return lookup(hi(number), BACKEND, client(number), transport);
    }

    private long lookup(long hi, long source, long destination, long transport) {
        long hash = conntrack.hash(hi, source, hi, destination, transport);
        return conntrack.lookup(hash, hi, source, hi, destination, transport);
    }

    /** Returns whether an entry has what {@link #create} put in, in all of its parts. */
    boolean isWhole(long handle, long number) {
        long entry = Conntrack.entry(handle);
        return Entry.sourceLo(entry, 0) == client(number)
                && Entry.destinationLo(entry, 1) == client(number)
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

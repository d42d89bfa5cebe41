package io.towpath.conntrack;

import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.maps.RecordMap;
import io.towpath.packet.FiveTuple;

/**
 * Takes over the entries that an earlier process left, wherever it was when it ended: one pass, before any worker starts.
 *
 * <p><b>Why an entry's life is all that counts.</b> The index is not taken over but filled anew, with another secret. An entry becomes live
 * by the last store of its creation and dies by the first of its removal, so what is live is complete, no two live entries have a tuple in
 * common, and nothing else needs to be known of what is not: it is free. A process that ends in the middle of this pass leaves entries that
 * the next one takes over the same way.
 *
 * <p>An entry that cannot have been left so means that the file is damaged, and then nothing of it is used: an entry that sends packets
 * somewhere else is worse than none.
 */
public final class ConntrackTakeover {
    private final Conntrack table;
    private final EntryPages pages;
    private final EntryReview review;
    private final int backends;
    private final long nowNs;
    private int connections;

    /**
     * A table, and what it began with.
     *
     * @param connections of the earlier process; session affinity's templates are none
     */
    public record Resumed(Conntrack table, int connections) {}

    private ConntrackTakeover(Conntrack table, EntryReview review, int backends, long nowNs) {
        this.table = table;
        this.pages = table.pages();
        this.review = review;
        this.backends = backends;
        this.nowNs = nowNs;
    }

    /**
     * Makes a table that goes on with the connections that an earlier process left: all of them, or none where the store or their memory
     * says no. Parameters are those of {@link Conntrack#Conntrack}; the seed need not be the earlier one.
     *
     * @param review of the layers above
     * @param nowNs on the clock of {@code System.nanoTime}, which on Linux (CLOCK_MONOTONIC) is one for all processes
     */
    public static Resumed resume(
            MapStore store,
            ConntrackConfig config,
            int workers,
            int backends,
            long seed,
            Quiescence quiescence,
            EntryReview review,
            long nowNs) {
        RecordMap memory = RecordMap.adopt(
                store,
                Conntrack.ENTRIES_MAP,
                Conntrack.ENTRIES_LAYOUT_VERSION,
                Entry.IPV4_BYTES,
                EntryPages.records(config.maxEntries()));
        EntryPages pages = memory == null ? null : EntryPages.adopt(store, memory, config.maxEntries());
        if (pages != null) {
            Conntrack table = new Conntrack(store, pages, config, workers, backends, seed, quiescence);
            ConntrackTakeover takeover = new ConntrackTakeover(table, review, backends, nowNs);
            String damage = takeover.run();
            if (damage == null) {
                return new Resumed(table, takeover.connections);
            }
            store.refuse(Conntrack.ENTRIES_MAP, damage);
        }
        return new Resumed(new Conntrack(store, config, workers, backends, seed, quiescence), 0);
    }

    /** Returns null, or what is damaged. */
    private String run() {
        long used = pages.end() - 1;
        while (used > 0 && pages.family(used) == EntryPages.UNUSED) {
            used--;
        }
        for (long page = 1; page <= used; page++) {
            int family = pages.family(page);
            if (family == EntryPages.UNUSED) { // its process ended when it was about to hand it out
                family = EntryPages.IPV4;
                pages.family(page, family);
            } else if (family != EntryPages.IPV4 && family != EntryPages.IPV6) {
                return "page " + page + " is damaged (family " + family + ")";
            }
            String damage = takePage(page, family);
            if (damage != null) {
                return damage;
            }
        }
        pages.resume(used + 1);
        return null;
    }

    private String takePage(long page, int family) {
        EntryPool pool = table.pool(family == EntryPages.IPV6);
        for (int i = 0; i < pages.entries(page, family); i++) {
            int number = EntryPages.number(page, i, family);
            long entry = pages.address(number);
            String damage = damage(entry, family == EntryPages.IPV6);
            if (damage == null && isKept(entry)) {
                damage = enter(number) ? null : "another one has its tuple";
                connections += Entry.isTemplate(entry) ? 0 : 1;
            } else if (damage == null) {
                pool.share(number);
            }
            if (damage != null) {
                return "entry " + number + " is damaged (" + damage + ")";
            }
        }
        return null;
    }

    /** Returns whether an entry goes on; makes it free if not. */
    private boolean isKept(long entry) {
        int life = Entry.lifeOf(Entry.wordAcquire(entry));
        if (life == Entry.LIVE && keepIds(entry)) {
            return true;
        }
        if (life != Entry.FREE) {
            Entry.lifeRelease(entry, Entry.FREE);
        }
        return false;
    }

    private String damage(long entry, boolean ipv6) {
        int life = Entry.lifeOf(Entry.wordAcquire(entry));
        if (life != Entry.LIVE) {
            return life == Entry.FREE || life == Entry.DYING ? null : "life " + life;
        }
        int protocol = Entry.protocol(entry);
        if (protocol == 0 || Entry.isIpv4(entry) == ipv6) {
            return "protocol " + protocol + (ipv6 ? " on a page of IPv6" : " on a page of IPv4");
        }
        if (Entry.tick(nowNs) - Entry.lastSeenTick(entry) < 0) { // the clock goes round: half of its circle is the past
            return "last seen in the future";
        }
        int endOfStates =
                switch (protocol) {
                    case FiveTuple.TCP -> TcpState.INVALID;
                    case FiveTuple.SCTP -> SctpState.INVALID;
                    case FiveTuple.UDP -> UdpTracker.STATES;
                    default -> 1;
                };
        int state = Entry.state(entry);
        if (state >= endOfStates) {
            return "state " + state;
        }
        int backendId = Entry.isTemplate(entry) ? Entry.templateBackendId(entry) : Entry.backendId(entry);
        if (backendId < 0 || backendId >= backends) {
            return "backend " + backendId;
        }
        return review.isIntact(entry) ? null : "its parts do not fit together";
    }

    /**
     * Takes ids back that mean something else now, or nothing: the connection goes on without them. Returns false for a template, which is
     * nothing without its ids.
     */
    private boolean keepIds(long entry) {
        int serviceId = Entry.serviceId(entry);
        if (Entry.isTemplate(entry)) {
            return review.isService(serviceId) && review.isBackend(Entry.templateBackendId(entry), serviceId);
        }
        int backendId = Entry.backendId(entry);
        boolean service = serviceId != 0 && review.isService(serviceId);
        boolean backend = service
                && review.isBackend(backendId, serviceId)
                && review.isBackendAt(
                        backendId,
                        EntryTuple.sourceHi(entry, 1),
                        EntryTuple.sourceLo(entry, 1),
                        FiveTuple.sourcePort(EntryTuple.transport(entry, 1)));
        Entry.ids(entry, service ? serviceId : 0, backend ? backendId : 0);
        return true;
    }

    /** Enters an entry's tuples; false if another entry has one of them. */
    private boolean enter(int number) {
        long entry = pages.address(number);
        EntryIndex index = table.index();
        if (index.insertAlone(index.hashOf(entry, 1), number, 1) != 0) {
            return false;
        }
        int rival = index.insertAlone(index.hashOf(entry, 0), number, 0);
        if (rival != 0 && EntryIndex.number(rival) != number) { // a tuple may be its own reverse
            return false;
        }
        table.connections().created(table.controlWorker(), entry);
        table.controlWorker().created++;
        return true;
    }
}

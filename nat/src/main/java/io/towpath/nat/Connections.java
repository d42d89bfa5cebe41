package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackWorker;
import io.towpath.conntrack.Entry;
import io.towpath.conntrack.EntryTuple;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;

/** Makes conntrack entries for first packets: chooses the backend, the masquerade address and the source port. One per worker. */
final class Connections {
    /** Source ports tried before a connection is refused: the kernel's limit (net/netfilter/nf_nat_core.c). */
    private static final int PORT_PROBES = 128;
    /** Below this, a port that must change stays below (RFC 4787 REQ-3 keeps the range). */
    private static final int PRIVILEGED_END = 1024;

    private final Conntrack conntrack;
    private final ConntrackWorker worker;
    private final BackendSelector selector;
    private final Openings openings;
    private final MasqueradeAddresses masquerade;
    private final PortRange masqueradePorts;
    private final Random random;

    Connections(
            Conntrack conntrack,
            ConntrackWorker worker,
            ServiceMaps maps,
            MasqueradeAddresses masquerade,
            PortRange masqueradePorts,
            Random random) {
        this.conntrack = conntrack;
        this.worker = worker;
        this.masquerade = masquerade;
        this.masqueradePorts = masqueradePorts;
        this.random = random;
        this.selector = new BackendSelector(maps, conntrack, worker, random);
        this.openings = new Openings(conntrack, worker, selector, masquerade, masqueradePorts);
    }

    /** Decides ahead about the connections that a burst will open. */
    void prepare(Burst burst, Lookahead lookahead, NodeSettings node, long nowNs) {
        openings.prepare(burst, lookahead, node, nowNs);
    }

    /** Decides about a packet without ports: it may pass by, but not to an address of a Service. */
    Reason unconnected(Burst burst, int i) {
        return selector.withoutVip(burst.destinationHi(i), burst.destinationLo(i));
    }

    /**
     * Opens a connection for frame {@code i}.
     *
     * @return its handle, {@link Conntrack#CONFLICT_ORIGINAL} if it is there by now, or another negative number with the frame's reason set
     */
    long open(Burst burst, int i, NodeSettings node, long nowNs) {
        Selection selection = openings.take(burst, i, node);
        Reason reason = selection.reason;
        boolean service = reason == Reason.SERVICE;
        if (!service && reason != BackendSelector.NOT_A_SERVICE) {
            burst.reason(i, reason);
            return Conntrack.MISS;
        }
        if (!Conntrack.opens(burst.transport(i), burst.frames, burst.l4(i))) {
            burst.reason(i, service ? Reason.CONNTRACK_INVALID : Reason.ROUTED);
            return Conntrack.MISS;
        }
        if (service) {
            if (!selection.isChosen) {
                selector.choose(burst, i, nowNs, selection);
            }
            selector.remember(burst, i, nowNs, selection);
        }
        // Not before remember(), which has a template made of the same arguments of the worker.
        prepareOriginal(burst, i);
        if (service) {
            if (!prepareService(burst, i, selection)) {
                burst.reason(i, Reason.MASQUERADE_PORTS_EXHAUSTED);
                return Conntrack.MISS;
            }
        } else {
            preparePlain();
        }
        return create(burst, i, selection, nowNs);
    }

    private void prepareOriginal(Burst burst, int i) {
        worker.originalSourceHi = burst.sourceHi(i);
        worker.originalSourceLo = burst.sourceLo(i);
        worker.originalDestinationHi = burst.destinationHi(i);
        worker.originalDestinationLo = burst.destinationLo(i);
        worker.originalTransport = burst.transport(i);
    }

    private void preparePlain() {
        worker.replySourceHi = worker.originalDestinationHi;
        worker.replySourceLo = worker.originalDestinationLo;
        worker.replyDestinationHi = worker.originalSourceHi;
        worker.replyDestinationLo = worker.originalSourceLo;
        worker.replyTransport = FiveTuple.reverse(worker.originalTransport);
        worker.natFlags = 0;
        worker.deltas = packDeltas(0, 0);
        worker.serviceId = 0;
        worker.backendId = 0;
        worker.templateSeconds = 0;
    }

    private boolean prepareService(Burst burst, int i, Selection selection) {
        worker.replySourceHi = selection.backendHi;
        worker.replySourceLo = selection.backendLo;
        worker.replyDestinationHi = burst.sourceHi(i);
        worker.replyDestinationLo = burst.sourceLo(i);
        worker.natFlags = Entry.TRANSLATED;
        worker.serviceId = selection.serviceId;
        worker.backendId = selection.backendId;
        worker.templateSeconds = 0;
        if (selection.masquerade) {
            int address = masquerade.towards(selection.backendHi, selection.backendLo);
            if (address < 0) {
                return false;
            }
            worker.replyDestinationHi = masquerade.hi(address);
            worker.replyDestinationLo = masquerade.lo(address);
            worker.natFlags |= Entry.SOURCE_TRANSLATED;
        }
        return true;
    }

    /** Creates the entry with the client's own source port where that is free, else with a random one. */
    private long create(Burst burst, int i, Selection selection, long nowNs) {
        boolean service = selection.reason == Reason.SERVICE;
        int protocol = FiveTuple.protocol(burst.transport(i));
        int ownPort = FiveTuple.sourcePort(burst.transport(i));
        boolean masqueraded = service && selection.masquerade;
        int backendPort = service ? selection.backendPort : FiveTuple.destinationPort(burst.transport(i));
        boolean own = !masqueraded || masqueradePorts.contains(ownPort);
        for (int probe = 0; probe < PORT_PROBES; probe++) {
            int port = probe == 0 && own ? ownPort : randomPort(masqueraded, ownPort);
            worker.replyTransport = FiveTuple.transport(backendPort, port, protocol);
            if (port != ownPort) {
                worker.natFlags |= Entry.TRANSLATED | Entry.SOURCE_TRANSLATED;
            }
            computeDeltas();
            long handle = conntrack.create(worker, nowNs);
            if (handle == Conntrack.CONFLICT_REPLY) {
                continue;
            }
            if (handle < 0 && handle != Conntrack.CONFLICT_ORIGINAL) {
                // A connection that needs no translation can do without an entry.
                burst.reason(
                        i,
                        handle == Conntrack.CONTENDED
                                ? Reason.CONNTRACK_CONTENDED
                                : service ? Reason.CONNTRACK_FULL : Reason.ROUTED);
            }
            return handle;
        }
        burst.reason(i, Reason.MASQUERADE_PORTS_EXHAUSTED);
        return Conntrack.MISS;
    }

    private int randomPort(boolean masqueraded, int ownPort) {
        if (masqueraded) {
            return masqueradePorts.first() + random.nextInt(masqueradePorts.size());
        }
        return ownPort < PRIVILEGED_END
                ? 1 + random.nextInt(PRIVILEGED_END - 1)
                : PRIVILEGED_END + random.nextInt(65536 - PRIVILEGED_END);
    }

    private void computeDeltas() {
        int addressDelta = Rewriter.addressDelta(
                worker.originalSourceHi,
                worker.originalSourceLo,
                worker.originalDestinationHi,
                worker.originalDestinationLo,
                worker.replyDestinationHi,
                worker.replyDestinationLo,
                worker.replySourceHi,
                worker.replySourceLo);
        int transportDelta = Rewriter.transportDelta(
                addressDelta, worker.originalTransport, FiveTuple.reverse(worker.replyTransport));
        worker.deltas = packDeltas(addressDelta, transportDelta);
    }

    /** Packs the two deltas of a connection as {@link Entry#deltas} has them. */
    private static int packDeltas(int addressDelta, int transportDelta) {
        return addressDelta & 0xFFFF | transportDelta << 16;
    }

    /** Returns whether an entry's deltas are those of its tuples. */
    static boolean areDeltasRight(long entry) {
        int addressDelta = Rewriter.addressDelta(
                EntryTuple.sourceHi(entry, 0),
                EntryTuple.sourceLo(entry, 0),
                EntryTuple.destinationHi(entry, 0),
                EntryTuple.destinationLo(entry, 0),
                EntryTuple.destinationHi(entry, 1),
                EntryTuple.destinationLo(entry, 1),
                EntryTuple.sourceHi(entry, 1),
                EntryTuple.sourceLo(entry, 1));
        int transportDelta = Rewriter.transportDelta(
                addressDelta, EntryTuple.transport(entry, 0), FiveTuple.reverse(EntryTuple.transport(entry, 1)));
        return Entry.deltas(entry) == packDeltas(addressDelta, transportDelta);
    }
}

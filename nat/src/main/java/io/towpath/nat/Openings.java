package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackWorker;
import io.towpath.conntrack.EntryIndex;
import io.towpath.linux.NativeMemory;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import java.util.Arrays;

/**
 * Decides about the connections that a burst will open before any of them is opened, and has the cache lines loaded that they will be written
 * to. Which lines those are is known only when the backend is: where the reply tuple goes in the index. One per worker.
 *
 * <p>Decided ahead is what does not depend on the burst's other packets: not the backend where the scheduler compares numbers of connections,
 * nor where the client's last one counts. A scheduler that takes turns takes none for a tuple that the burst has twice.
 */
final class Openings {
    /** Four for each packet of a burst; a power of two. */
    private static final int SEEN_PLACES = 4 * Burst.LIMIT;

    private final Conntrack conntrack;
    private final ConntrackWorker worker;
    private final EntryIndex index;
    private final BackendSelector selector;
    private final MasqueradeAddresses masquerade;
    private final PortRange masqueradePorts;

    private final Selection[] selections = new Selection[Burst.LIMIT];
    /** Frames of the last burst, 0 if nothing was prepared for it. */
    private int prepared;

    /** Lines of the index that reply tuples probably go to: two each. */
    private final long[] line = new long[2 * Burst.LIMIT];

    private int lines;

    /** Frames that probably open a connection. */
    private final int[] frame = new int[Burst.LIMIT];

    private int opened;
    /** Those of IPv4. */
    private int ipv4;

    /** Hashes of packets that a scheduler took a turn for, by their low bits, then the next free place; 0 for none. */
    private final long[] seen = new long[SEEN_PLACES];

    private boolean hasSeen;

    /** Keeps the loads alive. */
    @SuppressWarnings("unused")
    private long loaded;

    Openings(
            Conntrack conntrack,
            ConntrackWorker worker,
            BackendSelector selector,
            MasqueradeAddresses masquerade,
            PortRange masqueradePorts) {
        this.conntrack = conntrack;
        this.worker = worker;
        this.index = conntrack.index();
        this.selector = selector;
        this.masquerade = masquerade;
        this.masqueradePorts = masqueradePorts;
        Arrays.setAll(selections, _ -> new Selection());
    }

    /** Prepares what the burst's packets of unknown flows will open. */
    void prepare(Burst burst, Lookahead lookahead, NodeSettings node, long nowNs) {
        if (prepared > 0 || lookahead.hasUnknown()) {
            prepareRun(burst, lookahead, node, nowNs);
        }
    }

    /** Not part of the caller, so that bursts of known flows do not pay for it. */
    private void prepareRun(Burst burst, Lookahead lookahead, NodeSettings node, long nowNs) {
        forget();
        prepared = lookahead.hasUnknown() ? burst.count : 0;
        findRun(burst, lookahead, node);
        chooseRun(burst, nowNs);
        forgetSeen();
        findLinesRun(burst);
        loaded = NativeMemory.load(line, lines, 0);
        conntrack.prepare(worker, false, ipv4);
        conntrack.prepare(worker, true, opened - ipv4);
    }

    /** What was prepared for the last burst, and not used, is no longer true. */
    private void forget() {
        for (int i = 0; i < prepared; i++) {
            selections[i].isFound = false;
        }
        conntrack.forgetPrepared(worker);
    }

    /** Looks the Services of new connections up. */
    private void findRun(Burst burst, Lookahead lookahead, NodeSettings node) {
        opened = 0;
        for (int i = 0; i < burst.count; i++) {
            if (lookahead.isUnknown(i) && Conntrack.opens(burst.transport(i), burst.frames, burst.l4(i))) {
                Reason reason = selector.find(burst, i, node, selections[i]);
                selections[i].isFound = true;
                if (reason == Reason.SERVICE || reason == BackendSelector.NOT_A_SERVICE) {
                    frame[opened++] = i;
                }
            }
        }
    }

    /** Chooses their backends, where that can be done now. */
    private void chooseRun(Burst burst, long nowNs) {
        for (int n = 0; n < opened; n++) {
            int i = frame[n];
            Selection selection = selections[i];
            if (selection.reason == Reason.SERVICE && isIndependent(burst, i, selection)) {
                selector.choose(burst, i, nowNs, selection);
            }
        }
    }

    /** Finds the lines of the index that their reply tuples go to. */
    private void findLinesRun(Burst burst) {
        lines = 0;
        ipv4 = 0;
        for (int n = 0; n < opened; n++) {
            int i = frame[n];
            ipv4 += burst.isIpv4(i) ? 1 : 0;
            if (selections[i].reason != Reason.SERVICE) {
                addLines(index.hash(
                        burst.destinationHi(i),
                        burst.destinationLo(i),
                        burst.sourceHi(i),
                        burst.sourceLo(i),
                        FiveTuple.reverse(burst.transport(i))));
            } else if (selections[i].isChosen) {
                addServiceLines(burst, i, selections[i]);
            }
        }
    }

    private boolean isIndependent(Burst burst, int i, Selection selection) {
        if (selection.affinitySeconds != 0) {
            return false;
        }
        Scheduler scheduler = selector.scheduler(selection);
        return !scheduler.countsConnections() && !(scheduler.takesTurns() && isSeen(burst.hash(i)));
    }

    /** Returns whether a hash was asked for before, and keeps it. */
    private boolean isSeen(long hash) {
        int at = (int) hash & SEEN_PLACES - 1;
        while (seen[at] != 0 && seen[at] != hash) { // ends: a quarter of the places is used at most
            at = at + 1 & SEEN_PLACES - 1;
        }
        boolean before = seen[at] == hash;
        seen[at] = hash;
        hasSeen = true;
        return before;
    }

    private void forgetSeen() {
        if (hasSeen) {
            Arrays.fill(seen, 0);
            hasSeen = false;
        }
    }

    private void addServiceLines(Burst burst, int i, Selection selection) {
        int port = FiveTuple.sourcePort(burst.transport(i));
        long clientHi = burst.sourceHi(i);
        long clientLo = burst.sourceLo(i);
        if (selection.masquerade) {
            int address = masquerade.towards(selection.backendHi, selection.backendLo);
            if (address < 0 || !masqueradePorts.contains(port)) {
                return;
            }
            clientHi = masquerade.hi(address);
            clientLo = masquerade.lo(address);
        }
        int protocol = FiveTuple.protocol(burst.transport(i));
        addLines(index.hash(
                selection.backendHi,
                selection.backendLo,
                clientHi,
                clientLo,
                FiveTuple.transport(selection.backendPort, port, protocol)));
    }

    private void addLines(long replyHash) {
        line[lines++] = index.line(replyHash);
        line[lines++] = index.secondLine(replyHash);
    }

    /** Returns the Service, and where it was chosen ahead the backend, of a packet that opens a connection. */
    Selection take(Burst burst, int i, NodeSettings node) {
        Selection selection = selections[i];
        if (!selection.isFound) {
            selector.find(burst, i, node, selection);
        }
        selection.isFound = false; // who comes again for the packet has it decided anew
        return selection;
    }
}

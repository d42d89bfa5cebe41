package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.EntryIndex;
import io.towpath.linux.NativeMemory;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.FlowKind;
import java.lang.foreign.Arena;

/**
 * Looks the connections of a whole burst up before any packet is resolved: finds for each packet the handle that it probably has, has the
 * cache lines loaded that its resolution reads, then compares the tuple. Beyond some thousand connections a packet's time is that of the
 * lines it waits for. One per worker.
 *
 * <p>A loop that does nothing but load has as many loads under way at once as the core can, where one that computes, too, has as many as its
 * reorder buffer holds turns. So each step is a loop of its own (those that compute are units of compilation, {@code *Run}), and a packet
 * that has nothing to load does so from {@link #NOWHERE} instead of branching.
 */
final class Lookahead {
    private static final int LINE_BYTES = 64;
    /** Memory to load from for packets that have nothing to load. */
    private static final long NOWHERE =
            Arena.global().allocate(3 * LINE_BYTES, LINE_BYTES).address();

    private final EntryIndex index;

    /** {@link #candidate} of a packet that is of no flow; {@link Conntrack#MISS} is that of a flow without a connection. */
    private static final long NO_FLOW = -2;
    /** {@link #candidate} of a packet whose tag in the index is another connection's, too. */
    private static final long UNSURE = -3;

    /** Where the packet's line of the index is, then its connection's entry; {@link #NOWHERE} where there is none. */
    private final long[] line = new long[Burst.LIMIT];

    /** The same of packets whose first line has nothing for them: the second line, then the entry. */
    private final long[] secondLine = new long[Burst.LIMIT];

    /** Handle of the packet's connection; negative where none is known. */
    private final long[] candidate = new long[Burst.LIMIT];

    private boolean hasIpv6;
    private boolean hasMissed;
    private boolean hasUnknown;
    /** Keeps the loads alive. */
    @SuppressWarnings("unused")
    private long loaded;

    Lookahead(EntryIndex index) {
        this.index = index;
    }

    /** Gives every packet with a five-tuple its hash and its candidate. */
    void touch(Burst burst) {
        int count = burst.count;
        findLinesRun(burst);
        long sink = NativeMemory.load(line, count, 0);
        findCandidatesRun(burst);
        sink += loadEntries(line, count);
        hasUnknown = false;
        loaded = hasMissed ? sink + touchSecondLinesRun(burst) : sink;
        compareRun(burst);
    }

    /** Goes on with packets whose first line has nothing for them. */
    private long touchSecondLinesRun(Burst burst) {
        long sink = NativeMemory.load(secondLine, burst.count, 0);
        findSecondCandidates(burst);
        return sink + loadEntries(secondLine, burst.count);
    }

    private long loadEntries(long[] entries, int count) {
        return NativeMemory.loadPairs(entries, count, LINE_BYTES)
                + (hasIpv6 ? NativeMemory.load(entries, count, 2 * LINE_BYTES) : 0);
    }

    private void findLinesRun(Burst burst) {
        long[] lines = line;
        int count = burst.count;
        boolean ipv6 = false;
        for (int i = 0; i < count; i++) {
            if (burst.isPlainIpv4(i)) {
                lines[i] = line(burst, i, index.hashIpv4(ipv4Addresses(burst, i), burst.transport(i)));
            } else if (burst.kind(i) == FlowKind.FLOW) {
                lines[i] = line(burst, i, hash(burst, i));
                ipv6 |= !burst.isIpv4(i);
            } else {
                lines[i] = NOWHERE;
            }
        }
        hasIpv6 = ipv6;
    }

    private static long ipv4Addresses(Burst burst, int i) {
        return FiveTuple.ipv4Addresses(burst.sourceLo(i), burst.destinationLo(i));
    }

    private long hash(Burst burst, int i) {
        return index.hash(
                burst.sourceHi(i),
                burst.sourceLo(i),
                burst.destinationHi(i),
                burst.destinationLo(i),
                burst.transport(i));
    }

    private long line(Burst burst, int i, long hash) {
        burst.hash(i, hash);
        return index.line(hash);
    }

    private void findCandidatesRun(Burst burst) {
        long[] lines = line;
        int count = burst.count;
        boolean missed = false;
        for (int i = 0; i < count; i++) {
            boolean isFlow = lines[i] != NOWHERE;
            long found = isFlow ? index.candidate(lines[i], burst.hash(i)) : NO_FLOW;
            boolean isMissed = found == Conntrack.MISS;
            candidate[i] = found;
            lines[i] = found < 0 ? NOWHERE : Conntrack.entry(found);
            secondLine[i] = isMissed ? index.secondLine(burst.hash(i)) : NOWHERE;
            missed |= isMissed;
        }
        hasMissed = missed;
    }

    /** One connection in eleven, and more in a table that has long been full, is in its second line: nearly every burst has some. */
    private void findSecondCandidates(Burst burst) {
        long[] lines = secondLine;
        int count = burst.count;
        boolean unknown = false;
        for (int i = 0; i < count; i++) {
            if (lines[i] != NOWHERE) {
                long found = index.candidate(lines[i], burst.hash(i));
                candidate[i] = found;
                lines[i] = found < 0 ? NOWHERE : Conntrack.entry(found);
                unknown |= found < 0;
            }
        }
        hasUnknown = unknown;
    }

    /** Makes sure of the candidates: their tags may lie. A tuple does not change before the next quiescent point. */
    private void compareRun(Burst burst) {
        long[] candidates = candidate;
        int count = burst.count;
        for (int i = 0; i < count; i++) {
            long found = candidates[i];
            if (found >= 0 && !isRight(burst, i, found)) {
                candidates[i] = UNSURE;
            }
        }
    }

    private static boolean isRight(Burst burst, int i, long found) {
        return burst.isIpv4(i)
                ? EntryIndex.isIpv4(found, ipv4Addresses(burst, i), burst.transport(i))
                : EntryIndex.isIpv6(
                        found,
                        burst.sourceHi(i),
                        burst.sourceLo(i),
                        burst.destinationHi(i),
                        burst.destinationLo(i),
                        burst.transport(i));
    }

    /** Returns whether a packet of the burst {@link #isUnknown}. */
    boolean hasUnknown() {
        return hasUnknown;
    }

    /** Returns whether packet {@code i} is of a flow that no tag in the index stands for. */
    boolean isUnknown(int i) {
        return candidate[i] == Conntrack.MISS;
    }

    /** Returns the handle that packet {@code i}'s connection had when the burst was looked at; negative where none was found. */
    long candidate(int i) {
        return candidate[i];
    }

    /** Returns {@link #candidate} of all packets. */
    long[] candidates() {
        return candidate;
    }

    /** Returns the handle of packet {@code i}'s connection; {@link Conntrack#MISS} where the table has none. */
    long lookup(Burst burst, int i) {
        long found = candidate[i];
        return found >= 0 && EntryIndex.isLive(found) ? found : lookupAgain(burst, i);
    }

    /** As {@link #lookup}, where what was found ahead is not true any more. */
    long lookupAgain(Burst burst, int i) {
        return index.lookup(
                burst.hash(i),
                burst.sourceHi(i),
                burst.sourceLo(i),
                burst.destinationHi(i),
                burst.destinationLo(i),
                burst.transport(i));
    }
}

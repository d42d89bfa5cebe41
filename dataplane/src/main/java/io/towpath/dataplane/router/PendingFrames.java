package io.towpath.dataplane.router;

import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.packet.Burst;
import io.towpath.packet.IcmpErrors;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import java.util.List;

/**
 * Frames that wait until their next hop's MAC address is known, and the requests for it: as many and as far apart as RFC 4861 section 10
 * (MAX_MULTICAST_SOLICIT, RETRANS_TIMER) and Linux have them, for ARP too. Bounded; one per worker.
 *
 * <p>A frame is rewritten while it waits; the error that its sender gets if nobody answers quotes it as it came, and so is written at once.
 */
final class PendingFrames {
    static final int LIMIT = 64;

    private static final int ASK_LIMIT = 3;
    private static final long ASK_INTERVAL_NS = 1_000_000_000L;

    private final List<RouterPort> networks;
    private final Port[] ports;
    private final Neighbors neighbors;
    private final LinkAnswers link;
    private final Egress egress;
    private final FramePool pool;
    private final Verdicts verdicts;
    private final IcmpErrorSender errors;

    private final int[] buffer = new int[LIMIT];
    private final long[] l2 = new long[LIMIT];
    private final int[] length = new int[LIMIT];
    private final Reason[] reason = new Reason[LIMIT];
    private final int[] port = new int[LIMIT];
    private final long[] hopHi = new long[LIMIT];
    private final long[] hopLo = new long[LIMIT];
    /** Requests sent so far; 0 for all but the first frame that waits for a hop. */
    private final int[] asked = new int[LIMIT];

    private final long[] nextAskNs = new long[LIMIT];
    private final long[] deadlineNs = new long[LIMIT];
    /** Buffer of the error, -1 where none may be sent. */
    private final int[] error = new int[LIMIT];

    private final int[] errorLength = new int[LIMIT];
    private final int[] ingress = new int[LIMIT];
    private final long[] senderHi = new long[LIMIT];
    private final long[] senderLo = new long[LIMIT];
    private int count;

    PendingFrames(
            List<RouterPort> networks,
            Port[] ports,
            Neighbors neighbors,
            LinkAnswers link,
            Egress egress,
            FramePool pool,
            Verdicts verdicts,
            IcmpErrorSender errors) {
        this.networks = networks;
        this.ports = ports;
        this.neighbors = neighbors;
        this.link = link;
        this.egress = egress;
        this.pool = pool;
        this.verdicts = verdicts;
        this.errors = errors;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /**
     * Returns whether a frame for a hop that is known by now shall wait, as earlier ones still do: they keep their order. No frame is lost
     * for that.
     */
    boolean goesBehind(int out, long hi, long lo) {
        return count > 0 && count < LIMIT && firstFor(out, hi, lo) >= 0;
    }

    /**
     * Takes in frame {@code i}, not yet rewritten, and asks for its next hop unless another frame did. What will be sent is said by
     * {@link #place} before the next {@link #release}.
     *
     * @return its reason, or why it cannot wait
     */
    Reason add(Burst burst, int i, int out, long hi, long lo, long nowNs) {
        if (count == LIMIT) {
            return Reason.NEIGHBOR_QUEUE_FULL;
        }
        int slot = count;
        if (!writeError(burst, i, slot)) {
            return Reason.BUFFERS_EXHAUSTED;
        }
        int first = firstFor(out, hi, lo);
        buffer[slot] = burst.buffer(i);
        port[slot] = out;
        hopHi[slot] = hi;
        hopLo[slot] = lo;
        asked[slot] = 0;
        deadlineNs[slot] = first < 0 ? nowNs + ASK_LIMIT * ASK_INTERVAL_NS : deadlineNs[first];
        count++;
        if (first < 0) {
            ask(slot, nowNs);
        }
        return burst.reason(i);
    }

    /** Says where frame {@code i} lies now that it is rewritten: one that came in fragments was elsewhere, as a whole, when it was taken in. */
    void place(Burst burst, int i) {
        for (int slot = count - 1; slot >= 0; slot--) {
            if (buffer[slot] == burst.buffer(i)) {
                l2[slot] = burst.l2(i);
                length[slot] = burst.length(i);
                reason[slot] = burst.reason(i);
                return;
            }
        }
    }

    private int firstFor(int out, long hi, long lo) {
        return firstFor(out, hi, lo, count);
    }

    private int firstFor(int out, long hi, long lo, int end) {
        for (int i = 0; i < end; i++) {
            if (port[i] == out && hopHi[i] == hi && hopLo[i] == lo) {
                return i;
            }
        }
        return -1;
    }

    private void ask(int slot, long nowNs) {
        asked[slot]++;
        nextAskNs[slot] = nowNs + ASK_INTERVAL_NS;
        link.ask(port[slot], hopHi[slot], hopLo[slot]);
    }

    /** Returns false where there is no buffer. */
    private boolean writeError(Burst burst, int i, int slot) {
        ingress[slot] = burst.ingress(i);
        senderHi[slot] = burst.sourceHi(i);
        senderLo[slot] = burst.sourceLo(i);
        error[slot] = -1;
        Address own = networks.get(burst.ingress(i)).address(burst.isIpv4(i));
        if (own == null || !IcmpErrors.mayAnswer(burst, i)) {
            return true;
        }
        error[slot] = pool.take();
        if (error[slot] < 0) {
            return false;
        }
        errorLength[slot] = IcmpErrorSender.write(
                burst, i, Reason.NEIGHBOR_UNREACHABLE, FramePool.l2(error[slot]), own.hi(), own.lo(), 0);
        return true;
    }

    /** Sends the frames whose next hop is known by now, repeats requests, rejects what waited in vain. Returns how many frames are done. */
    int release(long nowNs) {
        int kept = 0;
        int before = count;
        for (int i = 0; i < before; i++) {
            long mac = neighbors.mac(port[i], hopHi[i], hopLo[i]);
            // The answer may come while this looks: then a frame waits on with those before it that still wait.
            if (mac >= 0 && firstFor(port[i], hopHi[i], hopLo[i], kept) < 0) {
                if (error[i] >= 0) {
                    pool.give(error[i]);
                }
                egress.forward(buffer[i], l2[i], length[i], port[i], mac, reason[i]);
            } else if (nowNs - deadlineNs[i] >= 0) {
                verdicts.done(buffer[i], length[i], reject(i, nowNs));
            } else {
                if (asked[i] > 0 && asked[i] < ASK_LIMIT && nowNs - nextAskNs[i] >= 0) {
                    ask(i, nowNs);
                }
                move(i, kept++);
            }
        }
        count = kept;
        return before - kept;
    }

    private Reason reject(int i, long nowNs) {
        if (error[i] < 0) {
            return Reason.UNANSWERABLE;
        }
        if (!errors.mayPay(senderHi[i], senderLo[i], nowNs)) {
            pool.give(error[i]);
            return Reason.ICMP_RATE_LIMITED;
        }
        if (!ports[ingress[i]].enqueue(error[i], FramePool.l2(error[i]), errorLength[i], Reason.NONE)) {
            pool.give(error[i]);
            return Reason.EGRESS_FULL;
        }
        return Reason.NEIGHBOR_UNREACHABLE;
    }

    /** Copies an entry, for compaction in order. */
    private void move(int from, int to) {
        buffer[to] = buffer[from];
        l2[to] = l2[from];
        length[to] = length[from];
        reason[to] = reason[from];
        port[to] = port[from];
        hopHi[to] = hopHi[from];
        hopLo[to] = hopLo[from];
        asked[to] = asked[from];
        nextAskNs[to] = nextAskNs[from];
        deadlineNs[to] = deadlineNs[from];
        error[to] = error[from];
        errorLength[to] = errorLength[from];
        ingress[to] = ingress[from];
        senderHi[to] = senderHi[from];
        senderLo[to] = senderLo[from];
    }
}

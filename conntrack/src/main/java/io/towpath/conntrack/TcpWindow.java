package io.towpath.conntrack;

import static io.towpath.conntrack.TcpRecord.END;
import static io.towpath.conntrack.TcpRecord.MAX_END;

import io.towpath.linux.NativeMemory;
import io.towpath.wire.Tcp;
import java.lang.foreign.MemorySegment;

/**
 * The window check of Guido van Rooij, "Real Stateful TCP Packet Filtering in IP Filter" (2000), as net/netfilter/nf_conntrack_proto_tcp.c
 * ({@code tcp_in_window}) does it. Sequence numbers compare modulo 2^32.
 */
final class TcpWindow {
    /** How far an acknowledgment may lag behind: the kernel's MAXACKWINCONST. */
    private static final int ACK_LAG_MIN = 66_000;

    private final boolean liberal;

    /** @param liberal lets everything pass, whatever the window */
    TcpWindow(boolean liberal) {
        this.liberal = liberal;
    }

    /** Returns the sequence number behind a segment. */
    static int end(MemorySegment frames, long l4, int l4Length) {
        int flags = Tcp.flags(frames, l4);
        int syn = (flags & Tcp.SYN) != 0 ? 1 : 0;
        return Tcp.sequence(frames, l4) + l4Length - Tcp.headerLength(frames, l4) + syn + (flags & Tcp.FIN);
    }

    /**
     * Checks a segment against the windows and moves them on.
     *
     * @param state the segment is checked for; in {@link TcpState#SYN_SENT} a SYN begins its direction anew
     * @return {@link Conntrack#TRACK_OK}, {@link Tracker#PASS} for what the receiver will answer and nothing can be learned from, or
     *     {@link Conntrack#TRACK_INVALID}
     */
    int check(long entry, int direction, int state, MemorySegment frames, long l4, int l4Length) {
        long receiver = TcpRecord.window(entry, 1 - direction);
        int flags = Tcp.flags(frames, l4);
        int end = end(frames, l4, l4Length);
        boolean first = TcpRecord.maxWindow(entry, direction) == 0;
        if ((flags & Tcp.SYN) != 0) {
            if (first || state == TcpState.SYN_SENT) {
                if ((flags & Tcp.ACK) != 0 && Tcp.acknowledgment(frames, l4) - word(receiver + END) > 0 && !liberal) {
                    return Conntrack.TRACK_INVALID; // answers a SYN of another time
                }
                beginBySyn(entry, direction, frames, l4, end);
                if ((flags & Tcp.ACK) == 0) {
                    return Conntrack.TRACK_OK;
                }
            }
        } else if (first) {
            beginInTheMiddle(entry, direction, frames, l4, end);
            if (state == TcpState.NONE) {
                int flag = TcpRecord.LENIENT | TcpRecord.SACK_SENT;
                TcpRecord.flags(entry, 0, flag);
                TcpRecord.flags(entry, 1, flag);
                return Conntrack.TRACK_OK;
            }
        }
        return fit(entry, direction, state, frames, l4, end);
    }

    /**
     * Does what {@link #check} and {@link TcpRecord#record} do for a plain ACK of an established connection, which nearly all segments are,
     * with each word read once.
     *
     * @param entry its address
     * @return false for a segment that takes a closer look; nothing is changed then
     */
    static boolean passes(long entry, int direction, MemorySegment frames, long l4, int l4Length) {
        int control = Tcp.control(frames, l4);
        int headerLength = Tcp.headerLength(control);
        int bothFlags = TcpRecord.bothFlags(entry);
        int flags = TcpRecord.flagsOf(bothFlags, direction);
        boolean mayHaveSack = (TcpRecord.flagsOf(bothFlags, 1 - direction) & TcpRecord.SACK_SENT) != 0;
        if (!Tcp.isPlainAck(control)
                || (flags & TcpRecord.MAX_ACK_VALID) == 0
                || mayHaveSack && !Tcp.hasNoSack(frames, l4, headerLength)) {
            return false;
        }
        long numbers = Tcp.numbers(frames, l4);
        int sequence = (int) (numbers >>> 32);
        int ack = (int) numbers;
        int end = sequence + l4Length - headerLength;
        int window = Tcp.window(control);
        if (!fitsAndAdvances(entry, direction, end, ack, window << (flags & TcpRecord.SCALE_MASK))) {
            return false;
        }
        TcpRecord.recordAck(entry, direction, sequence, ack, end, window);
        return true;
    }

    /** @param width bytes of the window that the sender announces */
    private static boolean fitsAndAdvances(long entry, int direction, int end, int ack, int width) {
        long sender = TcpRecord.window(entry, direction);
        long receiver = TcpRecord.window(entry, 1 - direction);
        int senderEnd = word(sender + END);
        int receiverEnd = word(receiver + END);
        int maxWindow = TcpRecord.maxWindow(entry, direction);
        int receiverWindow = TcpRecord.maxWindow(entry, 1 - direction);
        int maxAck = TcpRecord.maxAck(entry, direction);
        int edge = ack + Math.max(width, 1);
        int oldEdge = word(receiver + MAX_END);
        if (maxWindow == 0
                || receiverWindow == 0
                || end - word(sender + MAX_END) > 0
                || end - (senderEnd - receiverWindow - 1) <= 0
                || ack - receiverEnd > 0
                || ack - (receiverEnd - Math.max(maxWindow, ACK_LAG_MIN) - 1) <= 0) {
            return false;
        }
        if (width > maxWindow) {
            TcpRecord.maxWindow(entry, direction, width);
        }
        if (end - senderEnd > 0) {
            word(sender + END, end);
        }
        if (ack - maxAck > 0) {
            TcpRecord.maxAck(entry, direction, ack);
        }
        if (edge - oldEdge > 0) {
            word(receiver + MAX_END, edge);
        }
        return true;
    }

    private int fit(long entry, int direction, int state, MemorySegment frames, long l4, int packetEnd) {
        long sender = TcpRecord.window(entry, direction);
        long receiver = TcpRecord.window(entry, 1 - direction);
        int flags = Tcp.flags(frames, l4);
        int receiverEnd = word(receiver + END);
        int senderEnd = word(sender + END);
        int ack = acknowledgment(frames, l4, flags, receiverEnd);
        int acknowledged = (TcpRecord.flags(entry, 1 - direction) & TcpRecord.SACK_SENT) != 0
                ? Tcp.highestSack(frames, l4, ack)
                : ack;
        boolean refusal = (flags & Tcp.RST) != 0 && state == TcpState.SYN_SENT && Tcp.sequence(frames, l4) == 0;
        int sequence = refusal ? senderEnd : Tcp.sequence(frames, l4);
        int end = refusal ? senderEnd : packetEnd;
        int result = judge(entry, direction, sequence, end, acknowledged);
        if (result == Conntrack.TRACK_OK) {
            advance(entry, direction, end, ack, acknowledged, frames, l4, flags);
            return result;
        }
        boolean lenient = liberal || (TcpRecord.flags(entry, direction) & TcpRecord.LENIENT) != 0;
        return lenient ? Conntrack.TRACK_OK : result;
    }

    private int judge(long entry, int direction, int sequence, int end, int acknowledged) {
        long sender = TcpRecord.window(entry, direction);
        long receiver = TcpRecord.window(entry, 1 - direction);
        int receiverEnd = word(receiver + END);
        int receiverWindow = TcpRecord.maxWindow(entry, 1 - direction);
        int maxEnd = word(sender + MAX_END);
        int ackLag = Math.max(TcpRecord.maxWindow(entry, direction), ACK_LAG_MIN);
        boolean notBelow = receiverWindow == 0 || end - (word(sender + END) - receiverWindow - 1) > 0;
        boolean ackNotBelow = acknowledged - (receiverEnd - ackLag - 1) > 0;
        boolean ackNotAbove = acknowledged - receiverEnd <= 0;
        if (sequence - maxEnd > 0) {
            return exceed(
                    entry, direction, end, end - maxEnd + 1, receiverWindow, notBelow && ackNotBelow && ackNotAbove);
        }
        if (!ackNotAbove) {
            return Conntrack.TRACK_INVALID; // acknowledges what was not sent
        }
        // Below are retransmits of acknowledged data and acknowledgments that were long under way.
        return notBelow && ackNotBelow ? Conntrack.TRACK_OK : Tracker.PASS;
    }

    /** Returns a segment's acknowledgment, or one that fits where it has none; some stacks reset with ACK and 0. */
    private static int acknowledgment(MemorySegment frames, long l4, int flags, int receiverEnd) {
        int ack = (flags & Tcp.ACK) != 0 ? Tcp.acknowledgment(frames, l4) : receiverEnd;
        return (flags & Tcp.RST) != 0 && ack == 0 ? receiverEnd : ack;
    }

    /** A segment beyond the window passes if it is but a window's width too far, so that its acknowledgment will not be invalid. */
    private static int exceed(long entry, int direction, int end, int overshot, int receiverWindow, boolean restFits) {
        if (!restFits || receiverWindow == 0 || Integer.compareUnsigned(overshot, receiverWindow) > 0) {
            return Conntrack.TRACK_INVALID;
        }
        word(TcpRecord.window(entry, direction) + END, end);
        return Tracker.PASS;
    }

    private static void beginBySyn(long entry, int direction, MemorySegment frames, long l4, int end) {
        long sender = TcpRecord.window(entry, direction);
        int options = Tcp.synOptions(frames, l4);
        int flags = scaleWord(options) | TcpRecord.flags(entry, direction) & TcpRecord.LENIENT;
        word(sender + END, end);
        word(sender + MAX_END, end);
        TcpRecord.maxWindow(entry, direction, Math.max(Tcp.window(frames, l4), 1));
        TcpRecord.flags(entry, direction, flags);
        // The other side acknowledged other numbers, where another worker had its answer to a SYN before this one.
        TcpRecord.removeFlag(entry, 1 - direction, TcpRecord.MAX_ACK_VALID);
        int other = TcpRecord.flags(entry, 1 - direction);
        if (direction == 1 && (flags & other & TcpRecord.SCALE_SENT) == 0) {
            // Scaling is in force only if both sent the option (RFC 7323 section 2.2).
            TcpRecord.flags(entry, direction, flags & ~TcpRecord.SCALE_MASK);
            TcpRecord.flags(entry, 1 - direction, other & ~TcpRecord.SCALE_MASK);
        }
    }

    /** Returns the scale and flags that a SYN's options announce. */
    static int scaleWord(int synOptions) {
        int scale = Tcp.windowScale(synOptions);
        return (scale >= 0 ? TcpRecord.SCALE_SENT | scale : 0)
                | (Tcp.sackPermitted(synOptions) ? TcpRecord.SACK_SENT : 0);
    }

    private static void beginInTheMiddle(long entry, int direction, MemorySegment frames, long l4, int end) {
        long sender = TcpRecord.window(entry, direction);
        long receiver = TcpRecord.window(entry, 1 - direction);
        int scale = TcpRecord.flags(entry, direction) & TcpRecord.SCALE_MASK;
        int window = Math.max(Tcp.window(frames, l4) << scale, 1);
        word(sender + END, end);
        TcpRecord.maxWindow(entry, direction, window);
        word(sender + MAX_END, end + window);
        int ack = Tcp.acknowledgment(frames, l4);
        if (TcpRecord.maxWindow(entry, 1 - direction) == 0) {
            word(receiver + END, ack);
            word(receiver + MAX_END, ack);
        } else if (ack == word(receiver + END) + 1) {
            word(receiver + END, ack); // answers a keep-alive
        }
    }

    private static void advance(
            long entry, int direction, int end, int ack, int acknowledged, MemorySegment frames, long l4, int flags) {
        long sender = TcpRecord.window(entry, direction);
        int senderFlags = TcpRecord.flags(entry, direction);
        int scale = (flags & Tcp.SYN) != 0 ? 0 : senderFlags & TcpRecord.SCALE_MASK;
        int window = Tcp.window(frames, l4) << scale;
        int width = window + acknowledged - ack;
        if (width > TcpRecord.maxWindow(entry, direction)) {
            TcpRecord.maxWindow(entry, direction, width);
        }
        if (end - word(sender + END) > 0) {
            word(sender + END, end);
        }
        if ((flags & Tcp.ACK) != 0) {
            if ((senderFlags & TcpRecord.MAX_ACK_VALID) == 0 || ack - TcpRecord.maxAck(entry, direction) > 0) {
                TcpRecord.maxAck(entry, direction, ack);
                TcpRecord.addFlag(entry, direction, TcpRecord.MAX_ACK_VALID);
            }
        }
        advanceReceiver(entry, 1 - direction, end - word(sender + MAX_END), acknowledged + Math.max(window, 1));
    }

    /**
     * @param overrun how far the sender went beyond what the receiver's window allows; negative within
     * @param edge behind the last byte that the sender's window allows
     */
    private static void advanceReceiver(long entry, int direction, int overrun, int edge) {
        long receiver = TcpRecord.window(entry, direction);
        int receiverWindow = TcpRecord.maxWindow(entry, direction);
        if (receiverWindow != 0 && overrun > 0) {
            TcpRecord.maxWindow(entry, direction, receiverWindow + overrun);
        }
        if (edge - word(receiver + MAX_END) > 0) {
            word(receiver + MAX_END, edge);
        }
    }

    private static int word(long at) {
        return NativeMemory.getInt(at);
    }

    private static void word(long at, int value) {
        NativeMemory.setInt(at, value);
    }
}

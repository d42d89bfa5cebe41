package io.towpath.wire;

import java.lang.foreign.MemorySegment;

/**
 * The Internet checksum (RFC 1071) and its incremental update (RFC 1624).
 *
 * <p>A <em>delta</em> is what a rewrite adds to the ones' complement sum of the covered bytes, as 16 bits: it depends only on old and new
 * values, so a connection's deltas are computed once.
 */
public final class Checksum {
    private Checksum() {}

    /** Returns the ones' complement sum of big-endian 16-bit words, not folded; an odd last byte counts as the upper half of a word. */
    public static long sum(MemorySegment frame, long at, long length) {
        long sum = 0;
        long i = at;
        long end = at + length;
        for (; i + 8 <= end; i += 8) {
            long word = Bytes.i64(frame, i);
            sum += (word >>> 32) + (word & 0xFFFF_FFFFL);
        }
        if (i + 4 <= end) {
            sum += Integer.toUnsignedLong(Bytes.i32(frame, i));
            i += 4;
        }
        if (i + 2 <= end) {
            sum += Bytes.u16(frame, i);
            i += 2;
        }
        return i < end ? sum + ((long) Bytes.u8(frame, i) << 8) : sum;
    }

    /** Returns whether the checksum of an IPv4 header without options is right, by its bytes 0 to 7, 8 to 15 and 16 to 19. */
    public static boolean isPlainIpv4Valid(long first, long second, int third) {
        long sum = halves(first) + halves(second) + Integer.toUnsignedLong(third);
        // Below 5 * 2^32, so that two folds leave 0x10004 at most: 0xFFFF is all that a third could make 0xFFFF.
        long folded = (sum >>> 16) + (sum & 0xFFFF);
        return (folded >>> 16) + (folded & 0xFFFF) == 0xFFFF;
    }

    /** Folds a sum to 16 bits. */
    public static int fold(long sum) {
        long folded = (sum >>> 32) + (sum & 0xFFFF_FFFFL);
        folded = (folded >>> 16) + (folded & 0xFFFF);
        folded = (folded >>> 16) + (folded & 0xFFFF);
        folded = (folded >>> 16) + (folded & 0xFFFF);
        return (int) folded;
    }

    /** Folds the sum of two 16-bit words. */
    private static int foldOnce(int sum) {
        return (sum >>> 16) + (sum & 0xFFFF);
    }

    /** Returns the checksum field for a sum: its complement. */
    public static int finish(long sum) {
        return ~fold(sum) & 0xFFFF;
    }

    /** Returns the pseudo-header sum of RFC 9293 section 3.1 (IPv4) or RFC 8200 section 8.1. */
    public static long pseudoHeader(
            long sourceHi, long sourceLo, long destinationHi, long destinationLo, int protocol, int length) {
        long sum = (long) protocol + length;
        if (Address.isIpv4(destinationHi, destinationLo)) {
            return sum + (sourceLo & 0xFFFF_FFFFL) + (destinationLo & 0xFFFF_FFFFL);
        }
        return sum + halves(sourceHi) + halves(sourceLo) + halves(destinationHi) + halves(destinationLo);
    }

    private static long halves(long word) {
        return (word >>> 32) + (word & 0xFFFF_FFFFL);
    }

    /** Returns the delta of a 16-bit word that changes. */
    public static int delta16(int oldWord, int newWord) {
        return foldOnce((~oldWord & 0xFFFF) + (newWord & 0xFFFF));
    }

    /** Returns the delta of an address that changes. v4-mapped addresses give the delta of the IPv4 address. */
    public static int deltaAddress(long oldHi, long oldLo, long newHi, long newLo) {
        return fold(halves(~oldHi) + halves(~oldLo) + halves(newHi) + halves(newLo));
    }

    public static int addDeltas(int a, int b) {
        return foldOnce(a + b);
    }

    /** Returns the delta that undoes one. */
    public static int negate(int delta) {
        return ~delta & 0xFFFF;
    }

    /** Applies a delta to a checksum field (RFC 1624 equation 3). */
    public static int apply(int checksum, int delta) {
        return ~foldOnce((~checksum & 0xFFFF) + delta) & 0xFFFF;
    }

    /** Applies a delta to a field that holds an uncomplemented sum, as virtio's NEEDS_CSUM leaves it. */
    public static int applyPartial(int checksum, int delta) {
        return foldOnce(checksum + delta);
    }

    /** Applies a delta to a UDP checksum: 0, none, stays; a result of 0 is sent as 0xFFFF (RFC 768). */
    public static int applyUdp(int checksum, int delta) {
        if (checksum == 0) {
            return 0;
        }
        int updated = apply(checksum, delta);
        return updated == 0 ? 0xFFFF : updated;
    }
}

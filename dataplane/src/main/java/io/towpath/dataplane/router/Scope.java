package io.towpath.dataplane.router;

import io.towpath.packet.Reason;
import io.towpath.wire.Address;

/** Addresses that a router must not forward (RFC 1812 sections 5.3.7 and 5.3.13, RFC 4291 section 2.5). */
final class Scope {
    /** A bit for each first byte of an IPv4 address that is not an ordinary one: 0, 127, 169 (of 169.254), 224 and up. */
    private static final long[] SPECIAL_FIRST_BYTES = {1, 1L << 63, 1L << 169 - 128, -1L << 224 - 192};

    private Scope() {}

    /** Returns whether neither address, both of IPv4, can be one that is refused. */
    static boolean isOrdinaryIpv4(long sourceLo, long destinationLo) {
        return (special(sourceLo) | special(destinationLo)) == 0;
    }

    /** Returns whether both addresses are of global unicast, 2000::/3, or unique local, fc00::/7. */
    static boolean isOrdinaryIpv6(long sourceHi, long destinationHi) {
        return isOrdinary(sourceHi) && isOrdinary(destinationHi);
    }

    private static boolean isOrdinary(long hi) {
        return hi >>> 61 == 0x2000 >>> 13 || hi >>> 57 == 0xFC00 >>> 9;
    }

    private static long special(long lo) {
        int address = (int) lo;
        return SPECIAL_FIRST_BYTES[address >>> 30] >>> (address >>> 24) & 1;
    }

    /** Returns why a packet is not forwarded, {@link Reason#NONE} where it may be. */
    static Reason refusal(long sourceHi, long sourceLo, long destinationHi, long destinationLo) {
        if (isMulticast(destinationHi, destinationLo)) {
            return Reason.MULTICAST_UNSUPPORTED;
        }
        if (isMulticast(sourceHi, sourceLo)
                || isHostOnly(sourceHi, sourceLo)
                || isHostOnly(destinationHi, destinationLo)) {
            return Reason.SOURCE_ADDRESS_INVALID;
        }
        return isLinkLocal(sourceHi, sourceLo) || isLinkLocal(destinationHi, destinationLo)
                ? Reason.LINK_LOCAL_NOT_FORWARDED
                : Reason.NONE;
    }

    private static boolean isMulticast(long hi, long lo) {
        return Address.isIpv4(hi, lo) ? (lo >>> 28 & 0xF) >= 0xE : hi >>> 56 == 0xFF;
    }

    /** Unspecified and loopback addresses. */
    private static boolean isHostOnly(long hi, long lo) {
        if (Address.isIpv4(hi, lo)) {
            int first = (int) (lo >>> 24) & 0xFF;
            return first == 0 || first == 127;
        }
        return hi == 0 && lo >>> 1 == 0;
    }

    private static boolean isLinkLocal(long hi, long lo) {
        return Address.isIpv4(hi, lo) ? lo >>> 16 == 0xFFFF_A9FEL : hi >>> 54 == 0xFE80 >>> 6;
    }
}

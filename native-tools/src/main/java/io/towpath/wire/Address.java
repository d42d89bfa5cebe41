package io.towpath.wire;

/**
 * An IP address as 128 bits in two longs, numeric value of the big-endian bytes. IPv4 is v4-mapped (RFC 4291 section 2.5.5.2):
 * {@code hi = 0}, {@code lo = 0x0000_FFFF_aabb_ccdd}.
 *
 * @param hi upper 64 bits
 * @param lo lower 64 bits
 */
public record Address(long hi, long lo) implements Comparable<Address> {
    /** {@code lo} of the v4-mapped prefix ::ffff:0:0/96. */
    public static final long IPV4_MAPPED = 0xFFFF_0000_0000L;

    /** Returns the address of an IPv4 header field. */
    public static Address ofIpv4(int address) {
        return new Address(0, mapped(address));
    }

    /** Returns {@link #lo} for an IPv4 header field. */
    public static long mapped(int ipv4) {
        return IPV4_MAPPED | Integer.toUnsignedLong(ipv4);
    }

    /** Returns whether the two words are a v4-mapped address. */
    public static boolean isIpv4(long hi, long lo) {
        return hi == 0 && lo >>> 32 == 0xFFFFL;
    }

    /** Parses dotted IPv4 or any RFC 4291 text form of IPv6. Leading zeros in IPv4 octets are refused. */
    public static Address parse(String text) {
        return AddressText.parse(text, false);
    }

    /** As {@link #parse}, but reads leading zeros of IPv4 octets as decimal, as Kubernetes' ParseIPSloppy does. */
    public static Address parseSloppy(String text) {
        return AddressText.parse(text, true);
    }

    public boolean isIpv4() {
        return isIpv4(hi, lo);
    }

    public boolean isIpv6() {
        return !isIpv4();
    }

    /** Returns the IPv4 header field of a v4-mapped address. */
    public int ipv4() {
        return (int) lo;
    }

    @Override
    public int compareTo(Address other) {
        int byHi = Long.compareUnsigned(hi, other.hi);
        return byHi != 0 ? byHi : Long.compareUnsigned(lo, other.lo);
    }

    /** Returns dotted IPv4, or RFC 5952 text. */
    @Override
    public String toString() {
        return AddressText.format(hi, lo);
    }

    /** Returns {@code 10.0.0.1:80} or {@code [2001:db8::1]:80}. */
    public String withPort(int port) {
        return isIpv4() ? this + ":" + port : "[" + this + "]:" + port;
    }
}

package io.towpath.wire;

/**
 * An address prefix (CIDR block). Host bits are cleared at construction.
 *
 * @param address first address of the block
 * @param bits length in 128-bit terms: 0..128; an IPv4 /24 is 120
 */
public record Prefix(Address address, int bits) {
    private static final int IPV4_OFFSET = 96;

    public Prefix {
        if (bits < 0 || bits > 128) {
            throw new IllegalArgumentException("prefix length must be 0..128 bits: " + bits);
        }
        address = new Address(address.hi() & maskHi(bits), address.lo() & maskLo(bits));
    }

    /** Parses {@code 10.0.0.0/8} or {@code fd00::/8}; an address without a length is a host prefix. */
    public static Prefix parse(String text) {
        int slash = text.indexOf('/');
        Address address = Address.parseSloppy(slash < 0 ? text : text.substring(0, slash));
        int familyBits = address.isIpv4() ? 32 : 128;
        int length = familyBits;
        if (slash >= 0) {
            try {
                length = Integer.parseInt(text.substring(slash + 1));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("not a prefix: '" + text + "'", e);
            }
        }
        if (length < 0 || length > familyBits) {
            throw new IllegalArgumentException("prefix length must be 0.." + familyBits + ": '" + text + "'");
        }
        return new Prefix(address, length + 128 - familyBits);
    }

    /** Returns the prefix that holds just this address. */
    public static Prefix host(Address address) {
        return new Prefix(address, 128);
    }

    public boolean isIpv4() {
        return bits >= IPV4_OFFSET && address.isIpv4();
    }

    public boolean contains(Address other) {
        return contains(other.hi(), other.lo());
    }

    /** As {@link #contains(Address)}, without an object. */
    public boolean contains(long hi, long lo) {
        return matches(hi, lo, address.hi(), address.lo(), bits);
    }

    /** Returns whether two addresses agree in their first {@code bits} bits (128-bit terms). */
    public static boolean matches(long hi, long lo, long otherHi, long otherLo, int bits) {
        return ((hi ^ otherHi) & maskHi(bits)) == 0 && ((lo ^ otherLo) & maskLo(bits)) == 0;
    }

    /** Returns the first address behind the block, null where the block reaches the end of the address space. */
    public Address behind() {
        long lastHi = address.hi() | ~maskHi(bits);
        long lastLo = address.lo() | ~maskLo(bits);
        if (lastHi == -1 && lastLo == -1) {
            return null;
        }
        return new Address(lastLo == -1 ? lastHi + 1 : lastHi, lastLo + 1);
    }

    private static long maskHi(int bits) {
        return bits == 0 ? 0 : bits >= 64 ? -1 : -1L << 64 - bits;
    }

    private static long maskLo(int bits) {
        return bits <= 64 ? 0 : -1L << 128 - bits;
    }

    /** Returns the text form with the length in the family's own terms. */
    @Override
    public String toString() {
        return address + "/" + (isIpv4() ? bits - IPV4_OFFSET : bits);
    }
}

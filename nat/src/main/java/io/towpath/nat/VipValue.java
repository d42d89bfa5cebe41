package io.towpath.nat;

import io.towpath.packet.FiveTuple;

/**
 * Key and value of a virtual address in the {@code vips} map. Key: address (two words) and {@code port << 8 | protocol}. Value: offset of
 * the {@link ServiceBlock} in the low 40 bits, flags above, so that one look-up tells all that does not concern the backends.
 *
 * <p>A value without a block ({@link #ADDRESS_ONLY}, key word 2 = {@link #ANY_PORT}) marks a live ClusterIP: other ports of it are rejected
 * (SEMANTICS of kube-proxy's nftables mode: chain {@code cluster-ips}).
 */
final class VipValue {
    /** Third key word of a marker for all ports and protocols of an address. */
    static final long ANY_PORT = 0;

    private static final long BLOCK_MASK = (1L << 40) - 1;
    private static final long LOCAL_ONLY = 1L << 40;
    private static final long CHECK_RANGES = 1L << 41;
    private static final long ADDRESS_ONLY = 1L << 42;
    private static final int KIND_SHIFT = 44;
    private static final VipKind[] KINDS = VipKind.values();

    private VipValue() {}

    static long key(long transport) {
        return key(FiveTuple.destinationPort(transport), FiveTuple.protocol(transport));
    }

    static long key(int port, int protocol) {
        return (long) port << 8 | protocol;
    }

    static int port(long key) {
        return (int) (key >>> 8);
    }

    static int protocol(long key) {
        return (int) key & 0xFF;
    }

    static long of(Vip vip, long block) {
        return block
                | (vip.localOnly() ? LOCAL_ONLY : 0)
                | (vip.sourceRanges().isEmpty() ? 0 : CHECK_RANGES)
                | (long) vip.kind().ordinal() << KIND_SHIFT;
    }

    static long addressOnly() {
        return ADDRESS_ONLY;
    }

    static boolean isAddressOnly(long value) {
        return (value & ADDRESS_ONLY) != 0;
    }

    static long block(long value) {
        return value & BLOCK_MASK;
    }

    static boolean localOnly(long value) {
        return (value & LOCAL_ONLY) != 0;
    }

    static boolean checkRanges(long value) {
        return (value & CHECK_RANGES) != 0;
    }

    static boolean isExternal(long value) {
        return value >>> KIND_SHIFT != VipKind.CLUSTER_IP.ordinal();
    }

    static VipKind kind(long value) {
        return KINDS[(int) (value >>> KIND_SHIFT)];
    }
}

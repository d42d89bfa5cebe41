package io.towpath.bench;

import io.towpath.packet.FiveTuple;

/** The five-tuples of flows by number, IPv4, clients of 4,096 ports each to one ClusterIP: two words. */
public final class FlowKey {
    public static final long VIP = 0xFFFF_0A80_0001L;

    private static final long CLIENT = 0xFFFF_0A00_0000L;
    private static final int PORT_BITS = 12;
    private static final int FIRST_PORT = 1024;

    private FlowKey() {}

    /** Returns the client's address, low half. */
    public static long source(int flow) {
        return CLIENT + (flow >>> PORT_BITS);
    }

    public static int port(int flow) {
        return FIRST_PORT + (flow & (1 << PORT_BITS) - 1);
    }

    /** Returns {@link FiveTuple#ipv4Addresses}. */
    public static long addresses(int flow) {
        return FiveTuple.ipv4Addresses(source(flow), VIP);
    }

    /** Returns {@link FiveTuple#transport}; flows of another generation go to another port. */
    public static long transport(int flow, int generation, int protocol) {
        return FiveTuple.transport(port(flow), Rig.SERVICE_PORT + generation & 0xFFFF, protocol);
    }

    /** Returns a hash as good as the conntrack table's, by as many multiplications. */
    public static long hash(long addresses, long transport) {
        return fold(fold(addresses ^ 0x9E3779B97F4A7C15L, transport ^ 0xBF58476D1CE4E5B9L), 0x94D049BB133111EBL);
    }

    private static long fold(long x, long y) {
        return x * y ^ Math.unsignedMultiplyHigh(x, y);
    }
}

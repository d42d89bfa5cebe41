package io.towpath.bench.core;

import io.towpath.wire.Address;

/**
 * Flows by number, and the addresses of all that takes part; {@code peer.h} has the same. A flow's client is 10.0.0.0 + number / 4096, its
 * port 1024 + number % 4096.
 */
final class Flows {
    static final int SERVICE_PORT = 80;
    static final int BACKEND_PORT = 8080;
    /** Backends of the Service at {@link #vip}. */
    static final int BACKENDS = 255;
    /** Services that the maps hold. */
    static final int SERVICES = 5000;
    /** Flows that a sample opens. */
    static final int NEW_FLOWS = 131_072;
    /** Number of the first of them, far from the established ones. */
    static final int FIRST_NEW = 0x2000_0000;

    static final long CLIENT_NET_V6 = 0x2001_0DB8_0001_0000L;
    private static final long VIP_NET_V6 = 0x2001_0DB8_00C8_0000L;
    private static final long BACKEND_NET_V6 = 0x2001_0DB8_0064_0000L;

    private static final int FIRST_CLIENT = 0x0A00_0000;
    private static final int VIP = 0x0AC8_0101;
    private static final int FIRST_OTHER_VIP = 0x0AC9_0000;
    private static final int FIRST_BACKEND = 0x0A64_0100;
    private static final int CLIENT_PORTS = 4096;
    private static final int FIRST_CLIENT_PORT = 1024;

    private final int count;
    private final int bits;
    private long state;

    /** @param count established flows */
    Flows(int count) {
        this.count = count;
        this.bits = Integer.SIZE - Integer.numberOfLeadingZeros(count - 1);
    }

    /** Returns the next one in pseudo-random order; where their number is a power of two, each once a period. */
    int next() {
        // A full-period generator modulo a power of two (Knuth, TAOCP 3.2.1.2), scaled to the number of flows.
        state = state * 0x5851F42D4C957F2DL + 0x14057B7EF767814FL & (1L << bits) - 1;
        return (int) ((state ^ state >>> 5) * count >>> bits);
    }

    /** Returns how many connections of IPv4 every table has room for; those of IPv6 take half as much again. */
    static int capacity(int flows) {
        return flows + flows / 4 + (1 << 18);
    }

    static int ipv6Capacity(int flows) {
        return capacity(flows) / 2 * 3;
    }

    static long hi(boolean ipv4, long net) {
        return ipv4 ? 0 : net;
    }

    static long clientLo(boolean ipv4, int flow) {
        int number = flow / CLIENT_PORTS;
        return ipv4 ? Address.mapped(FIRST_CLIENT + number) : number + 1L;
    }

    static int clientPort(int flow) {
        return FIRST_CLIENT_PORT + flow % CLIENT_PORTS;
    }

    /** First sequence number of a flow's client; the server's is its complement. */
    static int firstSequence(int flow) {
        return flow * 0x9E3779B1;
    }

    /** Returns the address of the Service that the flows go to. */
    static Address vip(boolean ipv4) {
        return ipv4 ? Address.ofIpv4(VIP) : new Address(VIP_NET_V6, 1);
    }

    /** Returns the address of one of the Services that nobody uses, numbered from 1. */
    static Address otherVip(int number) {
        return Address.ofIpv4(FIRST_OTHER_VIP + number);
    }

    /** Returns a backend, numbered from 1. */
    static Address backend(boolean ipv4, int number) {
        return ipv4 ? Address.ofIpv4(FIRST_BACKEND + number) : new Address(BACKEND_NET_V6, number);
    }
}

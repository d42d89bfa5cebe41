package io.towpath.conntrack;

import java.util.concurrent.TimeUnit;

/**
 * Size and time-outs of a conntrack table. Time-outs in seconds; the defaults are Linux's (net/netfilter/nf_conntrack_proto_*.c), but the
 * two that kube-proxy sets.
 *
 * @param maxEntries IPv4 connections at most; one of IPv6 takes the room of one and a half
 * @param tcpLiberal packets outside the TCP window are let through; a reset must be in the window all the same
 * @param tcpEstablishedSeconds kube-proxy: 24 h
 * @param tcpCloseWaitSeconds kube-proxy: 1 h
 */
public record ConntrackConfig(
        int maxEntries,
        boolean tcpLiberal,
        long tcpEstablishedSeconds,
        long tcpCloseWaitSeconds,
        long udpSeconds,
        long udpStreamSeconds) {
    /** Entries are known by their cache line, in 30 bits. */
    static final int MAX_ENTRIES_LIMIT = 1 << 28;

    public ConntrackConfig {
        if (maxEntries < 1 || maxEntries > MAX_ENTRIES_LIMIT) {
            throw new IllegalArgumentException("maxEntries must be 1.." + MAX_ENTRIES_LIMIT + ": " + maxEntries);
        }
    }

    public static ConntrackConfig defaults() {
        return new ConntrackConfig(262_144, false, TimeUnit.HOURS.toSeconds(24), TimeUnit.HOURS.toSeconds(1), 30, 120);
    }

    public ConntrackConfig withMaxEntries(int entries) {
        return new ConntrackConfig(
                entries, tcpLiberal, tcpEstablishedSeconds, tcpCloseWaitSeconds, udpSeconds, udpStreamSeconds);
    }
}

package io.towpath.conntrack;

import java.util.concurrent.TimeUnit;

/**
 * Size and time-outs of a conntrack table. Time-outs in seconds; the defaults are Linux's (net/netfilter/nf_conntrack_proto_*.c), but the
 * two that kube-proxy sets.
 *
 * @param maxEntries connections at most
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
    /** Entry numbers and a direction bit share 31 bits. */
    static final int MAX_ENTRIES_LIMIT = 1 << 29;

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

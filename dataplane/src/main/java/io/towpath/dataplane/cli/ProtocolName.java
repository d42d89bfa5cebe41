package io.towpath.dataplane.cli;

import io.towpath.packet.FiveTuple;

/** Names of IP protocols in listings. */
final class ProtocolName {
    private ProtocolName() {}

    static String of(int protocol) {
        return switch (protocol) {
            case FiveTuple.TCP -> "tcp";
            case FiveTuple.UDP -> "udp";
            case FiveTuple.SCTP -> "sctp";
            case FiveTuple.ICMP -> "icmp";
            case FiveTuple.ICMPV6 -> "icmpv6";
            default -> String.valueOf(protocol);
        };
    }
}

package io.towpath.bench.core;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What the packets of a measurement are. */
enum CorePath {
    /** Requests of established connections, DNAT. */
    HIT("hit"),
    /** Replies of established connections. */
    REPLY("reply"),
    /** SYNs that open connections beside the established ones; the table has room. */
    NEW("new"),
    /** As {@link #NEW}, in a table full of connections that were never answered, which must go. */
    NEW_FULL("new-full"),
    /** As {@link #HIT} in IPv6. */
    HIT_V6("hit-v6"),
    /** As {@link #HIT} with the source masqueraded, too. */
    HIT_MASQUERADE("hit-masquerade"),
    /** As {@link #HIT} as sockets send packets: the checksum is left to the device. */
    HIT_SOCKET("hit-socket");

    /** Its name in options, the table and JSON. */
    final String label;

    CorePath(String label) {
        this.label = label;
    }

    static CorePath of(String label) {
        return Arrays.stream(values())
                .filter(path -> path.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no such path: " + label + " (there are "
                        + Arrays.stream(values()).map(path -> path.label).collect(Collectors.joining(", ")) + ")"));
    }

    boolean isIpv4() {
        return this != HIT_V6;
    }

    /** Returns whether each sample opens connections. */
    boolean opens() {
        return this == NEW || this == NEW_FULL;
    }

    /** Returns whether the eBPF peer has it. */
    boolean isInEbpf() {
        return this != HIT_V6 && this != HIT_MASQUERADE && this != HIT_SOCKET;
    }

    /** Returns whether the C peer has it. */
    boolean isInC() {
        return this != HIT_V6 && this != NEW_FULL && this != HIT_SOCKET;
    }
}

package io.towpath.nat;

/**
 * Source ports that masquerade may use, both ends included.
 *
 * @param first above 1023, so that no privileged port is taken
 */
public record PortRange(int first, int last) {
    /** All unprivileged ports: the engine owns the address (router mode). */
    public static final PortRange UNPRIVILEGED = new PortRange(1024, 65535);
    /** What node mode reserves, so that the node's own sockets and masqueraded connections never meet. */
    public static final PortRange NODE_RESERVED = new PortRange(61000, 65534);

    public PortRange {
        if (first < 1024 || last > 65535 || first > last) {
            throw new IllegalArgumentException("port range must be within 1024..65535: " + first + ".." + last);
        }
    }

    boolean contains(int port) {
        return port >= first && port <= last;
    }

    int size() {
        return last - first + 1;
    }
}

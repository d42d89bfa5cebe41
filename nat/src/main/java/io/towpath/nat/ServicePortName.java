package io.towpath.nat;

/**
 * Names one port of a Service.
 *
 * @param port the port's name; empty where it has none
 */
public record ServicePortName(String namespace, String name, String port, Protocol protocol) {
    /** Returns {@code namespace/name:port}, or {@code namespace/name} for an unnamed port. */
    @Override
    public String toString() {
        return port.isEmpty() ? namespace + "/" + name : namespace + "/" + name + ":" + port;
    }
}

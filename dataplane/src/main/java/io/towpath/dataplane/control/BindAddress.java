package io.towpath.dataplane.control;

import io.towpath.wire.Address;

/** Where a server listens. */
public record BindAddress(Address address, int port) {
    /** Reads an address with or without a port; one of IPv6 with a port has brackets. */
    static BindAddress parse(String text, int defaultPort) {
        int colon = text.lastIndexOf(':');
        boolean hasPort = colon > 0 && (text.charAt(colon - 1) == ']' || text.indexOf(':') == colon);
        String address = (hasPort ? text.substring(0, colon) : text).replaceAll("^\\[|]$", "");
        int port = hasPort ? Integer.parseInt(text.substring(colon + 1)) : defaultPort;
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port must be 1..65535: " + port);
        }
        return new BindAddress(Address.parse(address), port);
    }

    @Override
    public String toString() {
        return address.withPort(port);
    }
}

package io.towpath.nat;

import io.towpath.wire.Address;

/** A pod address and port behind a VIP. */
public record BackendAddress(Address address, int port) {
    @Override
    public String toString() {
        return address.withPort(port);
    }
}

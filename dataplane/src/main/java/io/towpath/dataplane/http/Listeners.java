package io.towpath.dataplane.http;

import io.towpath.wire.Address;
import java.io.IOException;

/** Opens HTTP servers. */
public interface Listeners {
    /** All addresses of IPv4. */
    Address ANY_IPV4 = Address.ofIpv4(0);

    /** All addresses, IPv4 ones included. */
    Address ANY = new Address(0, 0);

    /** Answers requests, on the server's thread. */
    @FunctionalInterface
    interface Handler {
        /**
         * Answers a GET.
         *
         * @param ipv6 the family of the address that the client connected to
         * @return null to close the connection without an answer
         */
        HttpAnswer answer(String path, boolean ipv6);
    }

    /** An open server. */
    interface Listener extends AutoCloseable {
        /** Returns the port; of use where 0 was asked for. */
        int port();

        @Override
        void close();
    }

    /** @throws IOException if the address is not there or the port is taken */
    Listener listen(Address address, int port, Handler handler) throws IOException;
}

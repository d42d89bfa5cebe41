package io.towpath.dataplane.http;

import io.towpath.wire.Address;
import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Servers without sockets, asked by a call. */
public final class MemoryListeners implements Listeners {
    private final Map<String, Handler> open = new LinkedHashMap<>();
    private final Set<String> taken = new HashSet<>();

    /** Another process has the address and port. */
    public void take(String addressAndPort) {
        taken.add(addressAndPort);
    }

    public void release(String addressAndPort) {
        taken.remove(addressAndPort);
    }

    @Override
    public Listener listen(Address address, int port, Handler handler) throws IOException {
        String at = address.withPort(port);
        if (taken.contains(at) || open.putIfAbsent(at, handler) != null) {
            throw new IOException("Address already in use");
        }
        return new Listener() {
            @Override
            public int port() {
                return port;
            }

            @Override
            public void close() {
                open.remove(at);
            }
        };
    }

    /** Returns the addresses and ports that are open. */
    public Set<String> open() {
        return Set.copyOf(open.keySet());
    }

    /** Returns whether a server would get what is sent to the address and port. */
    public boolean isOpen(Address address, int port) {
        return handler(address, port) != null;
    }

    /** Asks a server; null where none listens there or it closes the connection. */
    public HttpAnswer get(Address address, int port, String path) {
        Handler handler = handler(address, port);
        return handler == null ? null : handler.answer(path, address.isIpv6());
    }

    private Handler handler(Address address, int port) {
        Handler own = open.get(address.withPort(port));
        Handler ofFamily = address.isIpv4() ? open.get(ANY_IPV4.withPort(port)) : null;
        Handler wildcard = ofFamily == null ? open.get(ANY.withPort(port)) : ofFamily;
        return own == null ? wildcard : own;
    }
}

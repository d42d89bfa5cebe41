package io.towpath.dataplane.vectors;

import java.util.function.UnaryOperator;

/**
 * A connection through the Service, as its client and as its backend see it.
 *
 * @param masquerade address that the backend sees: the client's own where it is not masqueraded
 */
record Flow(
        String client,
        int clientPort,
        String vip,
        int vipPort,
        String masquerade,
        int masqueradePort,
        String backend,
        int backendPort) {
    /** A pod's connection: only the destination is translated. */
    static Flow dnat(Lab.Net net, int clientPort, int protocol) {
        return of(net, net.pod(), clientPort, protocol, net.pod());
    }

    /** An outside client's connection: source and destination are translated. */
    static Flow masqueraded(Lab.Net net, int clientPort, int protocol) {
        return of(net, net.client(), clientPort, protocol, net.node());
    }

    /** The backend's connection to itself. */
    static Flow hairpin(Lab.Net net, int clientPort, int protocol) {
        return of(net, net.backend(), clientPort, protocol, net.node());
    }

    private static Flow of(Lab.Net net, String client, int clientPort, int protocol, String masquerade) {
        int vipPort = protocol == L4.TCP ? 80 : protocol == L4.UDP ? 53 : 2905;
        int backendPort = protocol == L4.TCP ? 8080 : protocol == L4.UDP ? 5353 : 12905;
        return new Flow(client, clientPort, net.vip(), vipPort, masquerade, clientPort, net.backend(), backendPort);
    }

    /** A packet and what it becomes. */
    record Change(Packet before, Packet after) {}

    Ip requestBefore(L4.Maker maker) {
        return Ip.of(client, vip, maker.make(clientPort, vipPort));
    }

    Ip requestAfter(L4.Maker maker) {
        return Ip.of(masquerade, backend, maker.make(masqueradePort, backendPort));
    }

    Ip replyBefore(L4.Maker maker) {
        return Ip.of(backend, masquerade, maker.make(backendPort, masqueradePort));
    }

    Ip replyAfter(L4.Maker maker) {
        return Ip.of(vip, client, maker.make(vipPort, clientPort));
    }

    Change request(L4.Maker maker, UnaryOperator<Ip> form) {
        return new Change(
                form.apply(requestBefore(maker)),
                form.apply(requestAfter(maker)).forwarded());
    }

    Change reply(L4.Maker maker, UnaryOperator<Ip> form) {
        return new Change(
                form.apply(replyBefore(maker)), form.apply(replyAfter(maker)).forwarded());
    }
}

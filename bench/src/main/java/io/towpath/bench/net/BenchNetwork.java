package io.towpath.bench.net;

import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Network;
import io.towpath.linux.IpCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The namespaces of client and server, and the addresses and routes of the ways between them. */
record BenchNetwork(String id, Namespace client, Namespace server, Cleanup cleanup) {
    private static final Path IPV4 = Path.of("/proc/sys/net/ipv4");
    private static final Path DEVICES = Path.of("/proc/thread-self/net/dev");

    /** @param id begins with the process id: part of all names */
    static BenchNetwork create(String id, Cleanup cleanup) throws Exception {
        BenchNetwork network = new BenchNetwork(id, named(id, "client"), named(id, "server"), cleanup);
        Network.make(network.client, cleanup);
        Network.make(network.server, cleanup);
        // Without an offset for each peer the server sees that a SYN is newer than what it remembers of the same ports.
        setting(network.client, "tcp_timestamps", "2");
        for (Namespace namespace : List.of(network.client, network.server)) {
            setting(namespace, "conf/all/rp_filter", "0");
            setting(namespace, "conf/default/rp_filter", "0");
        }
        return network;
    }

    private static Namespace named(String id, String name) {
        return new Namespace("towpath-" + id + "-net-" + name);
    }

    /** Returns the namespace that stands between client and server on a way of the kernel's. */
    Namespace between(Way way) {
        return named(id, way.label);
    }

    /** Makes the link from client to server. */
    void linkDirectly(Way way) {
        IpCommand.in(
                client.name(),
                "link add " + way.device() + " type veth peer name " + way.device() + " netns " + server.name());
        attach(way);
    }

    /** Makes a router with links to both, which the kernel routes by. */
    void linkByRouter(Way way) throws Exception {
        Namespace router = between(way);
        Network.make(router, cleanup);
        setting(router, "ip_forward", "1");
        for (Namespace end : List.of(client, server)) {
            boolean isClient = end.equals(client);
            String name = isClient ? "eth-client" : "eth-server";
            IpCommand.in(
                    end.name(),
                    "link add " + way.device() + " type veth peer name " + name + " netns " + router.name());
            IpCommand.batch(
                    router.name(),
                    List.of(
                            "link set dev " + name + " up",
                            "address add " + (isClient ? way.clientGateway() : way.serverGateway()) + "/24 dev "
                                    + name));
        }
        attach(way);
    }

    /** Gives the way's devices in both namespaces their addresses, and routes. */
    void attach(Way way) {
        String toDevice = " dev " + way.device();
        List<String> atClient =
                new ArrayList<>(List.of("link set up" + toDevice, "address add " + way.client() + "/24" + toDevice));
        List<String> atServer = new ArrayList<>(List.of("link set up" + toDevice));
        way.backends().forEach(backend -> atServer.add("address add " + backend + "/24" + toDevice));
        if (way != Way.VETH) {
            String destination = way.hasServices() ? way.block() : way.serverNetwork();
            atClient.add("route add " + destination + " via " + way.clientGateway());
            atServer.add("route add " + way.clientNetwork() + " via " + way.serverGateway());
        }
        IpCommand.batch(client.name(), atClient);
        IpCommand.batch(server.name(), atServer);
    }

    /** Removes the devices and the router that are there, so that their names are free at once. */
    void detach(Way way) throws Exception {
        for (Namespace namespace : List.of(client, server)) {
            if (namespace.call(() -> Files.readString(DEVICES)).contains(way.device() + ":")) {
                IpCommand.in(namespace.name(), "link delete " + way.device());
            }
        }
        if (Files.exists(Path.of("/run/netns", between(way).name()))) {
            IpCommand.in(null, "netns delete " + between(way).name());
        }
    }

    private static void setting(Namespace namespace, String name, String value) throws Exception {
        namespace.call(() -> Files.writeString(IPV4.resolve(name), value));
    }
}

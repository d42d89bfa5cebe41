package io.towpath.dataplane.engine;

import io.towpath.dataplane.model.Field;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.model.YamlFile;
import io.towpath.dataplane.node.NodeConfig;
import io.towpath.dataplane.node.NodeHost;
import io.towpath.dataplane.node.NodeRouting;
import io.towpath.dataplane.port.IoEngine;
import io.towpath.dataplane.router.RouterPort;
import io.towpath.dataplane.router.Routes;
import io.towpath.wire.Address;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Prefix;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Towpath's own configuration file: {@code docs/configuration.md} describes it.
 *
 * @param manifests directory, null where unset
 * @param proxyConfig KubeProxyConfiguration, null where unset
 * @param persist whether maps, and devices of ports, stay for the next process when this one is told to end
 * @param node null in router mode; else there are no ports and no routes
 */
public record EngineConfig(
        String instance,
        int workers,
        Path manifests,
        Path proxyConfig,
        List<PortConfig> ports,
        List<RouteConfig> routes,
        List<Address> nodeAddresses,
        List<Prefix> clusterCidrs,
        boolean persist,
        NodeConfig node) {
    static final int WORKERS_MAX = 64;

    private static final int MTU_DEFAULT = 1500;
    /** Of the file beside the instance's folder that has the kernel's settings as they were before node mode. */
    private static final String SETTINGS_SUFFIX = ".host-settings";

    private static final Set<String> KNOWN = Set.of(
            "instance",
            "workers",
            "manifests",
            "proxyConfig",
            "ports",
            "routes",
            "nodeAddresses",
            "clusterCIDR",
            "persist",
            "node");

    private static final Set<String> KNOWN_OF_PORT =
            Set.of("name", "tap", "netns", "rename", "mac", "addresses", "guest", "io", "udpMerging");
    private static final Set<String> KNOWN_OF_GUEST = Set.of("addresses", "mtu");
    private static final Set<String> KNOWN_OF_ROUTE = Set.of("to", "via", "port");

    /** An address with the network it is on, as {@code 10.0.0.1/24} says it. */
    public record Interface(Address address, Prefix network) {
        static Interface parse(String text) {
            int slash = text.indexOf('/');
            if (slash < 0) {
                throw new IllegalArgumentException("no prefix length: '" + text + "'");
            }
            return new Interface(Address.parse(text.substring(0, slash)), Prefix.parse(text));
        }

        String text() {
            return address + network.toString().substring(network.toString().indexOf('/'));
        }
    }

    /**
     * A port.
     *
     * @param netns namespace to move the device to, empty for none
     * @param rename name of the device there, empty for its own
     * @param guestAddresses to give the device; empty leaves it alone
     * @param io how frames get to and from the device
     * @param udpMerging whether UDP datagrams may leave in super-frames
     */
    public record PortConfig(
            String name,
            String tap,
            String netns,
            String rename,
            long mac,
            List<Interface> addresses,
            List<Interface> guestAddresses,
            int mtu,
            IoEngine io,
            boolean udpMerging) {}

    /** A static route: {@code via} or {@code port} is null. */
    public record RouteConfig(Prefix to, Address via, String port) {}

    /** @throws ManifestException with every problem of the file */
    public static EngineConfig read(Path file) throws ManifestException {
        YamlFile yaml = YamlFile.read(file);
        if (yaml.documents().isEmpty()) {
            throw new ManifestException(List.of(file + ": is empty; at least one port is needed"));
        }
        Field root = yaml.documents().getFirst().named("configuration");
        root.expectOnly(KNOWN);
        for (Field more : yaml.documents().subList(1, yaml.documents().size())) {
            if (more.isPresent()) {
                more.named("a second document").problem("one document");
            }
        }
        List<PortConfig> ports = new ArrayList<>();
        for (Field port : root.get("ports").elements()) {
            ports.add(port(port, ports.size()));
        }
        Field nodeField = root.get("node");
        NodeConfig node = nodeField.isPresent() ? NodeConfig.read(nodeField) : null;
        if (ports.isEmpty() && node == null) {
            root.get("ports").problem("at least one port, or a section 'node'");
        }
        if (!ports.isEmpty() && node != null) {
            root.get("ports").problem("no ports beside a section 'node'");
        }
        long onLoops =
                ports.stream().filter(port -> port.io() == IoEngine.NETTY).count();
        if (onLoops != 0 && onLoops != ports.size()) {
            root.get("ports").problem("io: netty on all ports, or on none");
        }
        List<RouteConfig> routes = new ArrayList<>();
        for (Field route : root.get("routes").elements()) {
            routes.add(route(route, ports));
        }
        EngineConfig config = new EngineConfig(
                root.get("instance").text("default"),
                root.get("workers").number(1, WORKERS_MAX, 1),
                path(root.get("manifests"), file),
                path(root.get("proxyConfig"), file),
                ports,
                routes,
                parsed(root.get("nodeAddresses"), Address::parse, "an address"),
                cidrs(root.get("clusterCIDR")),
                root.get("persist").truth(false),
                node);
        if (!isInstanceName(config.instance)) {
            root.get("instance").problem("a name of letters, digits, dots and dashes");
        }
        yaml.check();
        return config;
    }

    /** Returns whether a name may be a folder's name under {@link Engine#INSTANCES}, and nothing else. */
    public static boolean isInstanceName(String name) {
        return name.matches("[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,63}");
    }

    /** Returns the ports as the router knows them, in the order of the file. */
    public List<RouterPort> routerPorts() {
        return ports.stream()
                .map(port -> new RouterPort(
                        port.name(),
                        port.mac(),
                        port.addresses().stream().map(Interface::address).toList(),
                        port.addresses().stream().map(Interface::network).toList(),
                        port.mtu()))
                .toList();
    }

    /** Returns the static routes, their ports by number. */
    public List<Routes.Static> staticRoutes() {
        List<String> names = ports.stream().map(PortConfig::name).toList();
        return routes.stream()
                .map(route -> new Routes.Static(route.to(), route.via(), names.indexOf(route.port())))
                .toList();
    }

    /** Returns the node's addresses: those that the file says, else all of the ports, or of the host's interfaces. */
    public List<Address> ownAddresses() {
        if (!nodeAddresses.isEmpty()) {
            return nodeAddresses;
        }
        return node != null
                ? NodeHost.addresses(node.tap())
                : ports.stream()
                        .flatMap(port -> port.addresses().stream().map(Interface::address))
                        .distinct()
                        .toList();
    }

    /** Returns node mode's hold on the host, as this configuration wants it. */
    public NodeRouting nodeRouting(Consumer<String> log) {
        return new NodeRouting(
                node, ownAddresses(), clusterCidrs, Engine.INSTANCES.resolve(instance + SETTINGS_SUFFIX), log);
    }

    /** Returns the same with {@code --fail-open}. */
    public EngineConfig withFailOpen() {
        return with(nodeAddresses, node.withFailOpen());
    }

    /** Returns the same with addresses that it says itself, instead of those that the host has at the time. */
    public EngineConfig withNodeAddresses(List<Address> addresses) {
        return with(addresses, node);
    }

    private EngineConfig with(List<Address> addresses, NodeConfig nodeConfig) {
        return new EngineConfig(
                instance, workers, manifests, proxyConfig, ports, routes, addresses, clusterCidrs, persist, nodeConfig);
    }

    private static Path path(Field field, Path file) {
        String text = field.text("");
        return text.isEmpty() ? null : file.toAbsolutePath().resolveSibling(text);
    }

    private static List<Prefix> cidrs(Field field) {
        List<Prefix> cidrs = new ArrayList<>();
        for (String text : field.text("").split(",")) {
            if (!text.isBlank()) {
                cidrs.add(field.parsed(ignored -> Prefix.parse(text.strip()), "CIDRs with commas between"));
            }
        }
        return cidrs.stream().filter(Objects::nonNull).toList();
    }

    private static PortConfig port(Field field, int number) {
        String name = field.get("name").requiredText();
        Long mac = field.get("mac").isPresent() ? field.get("mac").parsed(Ethernet::parseMac, "a MAC address") : null;
        Field guest = field.get("guest");
        field.expectOnly(KNOWN_OF_PORT);
        guest.expectOnly(KNOWN_OF_GUEST);
        return new PortConfig(
                name,
                field.get("tap").requiredText(),
                field.get("netns").text(""),
                field.get("rename").text(""),
                mac == null ? 0x0200_5450_0000L + number : mac,
                parsed(field.get("addresses"), Interface::parse, "an address with prefix length"),
                parsed(guest.get("addresses"), Interface::parse, "an address with prefix length"),
                guest.get("mtu").number(576, 65_535, MTU_DEFAULT),
                IoEngine.read(field.get("io")),
                field.get("udpMerging").truth(true));
    }

    private static RouteConfig route(Field field, List<PortConfig> ports) {
        field.expectOnly(KNOWN_OF_ROUTE);
        Field to = field.get("to");
        Field via = field.get("via");
        Field port = field.get("port");
        if (!to.isPresent()) {
            to.problem("a CIDR");
        }
        if (via.isPresent() == port.isPresent()) {
            field.problem("either via or port");
        }
        Address gateway = via.parsed(Address::parse, "an address");
        if (gateway != null && ports.stream().noneMatch(p -> isOn(p, gateway))) {
            via.problem("an address on a port's network");
        }
        String name = port.isPresent() ? port.text("") : null;
        if (name != null && ports.stream().noneMatch(p -> p.name().equals(name))) {
            port.problem("the name of a port");
        }
        return new RouteConfig(to.parsed(Prefix::parse, "a CIDR"), gateway, name);
    }

    private static boolean isOn(PortConfig port, Address address) {
        return port.addresses().stream().anyMatch(own -> own.network().contains(address));
    }

    private static <T> List<T> parsed(Field list, java.util.function.Function<String, T> parser, String expected) {
        return list.elements().stream()
                .map(element -> element.parsed(parser, expected))
                .filter(Objects::nonNull)
                .toList();
    }
}

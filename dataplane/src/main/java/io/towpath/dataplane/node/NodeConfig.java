package io.towpath.dataplane.node;

import io.towpath.dataplane.model.Field;
import io.towpath.dataplane.port.IoEngine;
import io.towpath.linux.Tap;
import io.towpath.nat.PortRange;
import io.towpath.wire.Prefix;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The section {@code node} of the configuration.
 *
 * @param tap name of the host's device
 * @param serviceCidrs that are steered as a whole; addresses of Services outside are steered one by one
 * @param nodePorts the cluster's range of NodePorts
 * @param masqueradePorts source ports of masqueraded connections, kept from the host's own sockets
 * @param bridgeNetworks of pods that reach each other on layer 2, past the host's IP stack
 * @param failOpen while the engine is down nothing stands in the way of packets to Services
 * @param io how frames get to and from the device
 * @param udpMerging whether UDP datagrams may leave in super-frames
 */
public record NodeConfig(
        String tap,
        List<Prefix> serviceCidrs,
        PortRange nodePorts,
        PortRange masqueradePorts,
        List<Prefix> bridgeNetworks,
        boolean failOpen,
        IoEngine io,
        boolean udpMerging) {
    public static final String TAP_DEFAULT = "towpath0";

    private static final PortRange NODE_PORTS_DEFAULT = new PortRange(30_000, 32_767);
    private static final Set<String> KNOWN = Set.of(
            "bridgeNetworks", "failOpen", "io", "masqueradePorts", "nodePorts", "serviceCIDRs", "tap", "udpMerging");

    public NodeConfig {
        serviceCidrs = List.copyOf(serviceCidrs);
        bridgeNetworks = List.copyOf(bridgeNetworks);
    }

    /** Reads the section; problems are reported to the field. */
    public static NodeConfig read(Field field) {
        field.expectOnly(KNOWN);
        String tap = field.get("tap").text(TAP_DEFAULT);
        if (!tap.matches("[a-zA-Z0-9_-]{1," + Tap.NAME_LENGTH_MAX + "}")) {
            field.get("tap").problem("a name of at most " + Tap.NAME_LENGTH_MAX + " letters, digits and dashes");
        }
        return new NodeConfig(
                tap,
                prefixes(field.get("serviceCIDRs")),
                range(field.get("nodePorts"), NODE_PORTS_DEFAULT),
                range(field.get("masqueradePorts"), PortRange.NODE_RESERVED),
                prefixes(field.get("bridgeNetworks")),
                field.get("failOpen").truth(false),
                IoEngine.read(field.get("io")),
                field.get("udpMerging").truth(true));
    }

    /** Returns the same with {@code --fail-open}. */
    public NodeConfig withFailOpen() {
        return new NodeConfig(tap, serviceCidrs, nodePorts, masqueradePorts, bridgeNetworks, true, io, udpMerging);
    }

    private static List<Prefix> prefixes(Field field) {
        return field.elements().stream()
                .map(element -> element.parsed(Prefix::parse, "a CIDR"))
                .filter(Objects::nonNull)
                .toList();
    }

    private static PortRange range(Field field, PortRange defaultRange) {
        PortRange range = field.parsed(
                text -> {
                    String[] ends = text.split("-", 2);
                    if (ends.length < 2) {
                        throw new IllegalArgumentException(text);
                    }
                    return new PortRange(Integer.parseInt(ends[0].strip()), Integer.parseInt(ends[1].strip()));
                },
                "ports FIRST-LAST above 1023");
        return range == null ? defaultRange : range;
    }
}

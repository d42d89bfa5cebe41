package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject.Node;
import io.towpath.dataplane.model.ClusterObject.ServiceCidr;
import io.towpath.nat.NodeFacts;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;

/** Works out what concerns the node as a whole, from the configuration and the Node object. */
final class LocalNodes {
    private final ProxyConfig config;
    private final String name;
    private final List<Address> ownAddresses;

    /** @param ownAddresses of this node where no Node object of its name is known */
    LocalNodes(ProxyConfig config, String hostName, List<Address> ownAddresses) {
        this.config = config;
        this.name = (config.hostnameOverride().isEmpty() ? hostName : config.hostnameOverride())
                .strip()
                .toLowerCase(Locale.ROOT);
        this.ownAddresses = List.copyOf(ownAddresses);
    }

    /** Returns the name of the Node object that is this node. */
    String name() {
        return name;
    }

    /** Returns the object that stands for the node where there is none. */
    Node unknown() {
        return new Node(name, List.of(), List.of(), "", List.of(), false);
    }

    LocalNode localNode(Node node, Collection<String> warnings) {
        List<Address> known = node.addresses().isEmpty()
                ? ownAddresses
                : parse(node.key() + ": status.addresses: ", node.addresses(), Address::parseSloppy, warnings);
        Set<Address> addresses = new LinkedHashSet<>();
        config.bindAddress().ifPresent(addresses::add); // becomes the primary one of its family
        addresses.addAll(known);
        List<Address> all = List.copyOf(addresses);
        return new LocalNode(
                name,
                node.zone(),
                config.topologyHints(),
                all,
                NodePortAddresses.choose(config.nodePortAddresses(), all));
    }

    NodeFacts facts(Node node, LocalNode localNode, Collection<Prefix> serviceCidrs, Collection<String> warnings) {
        List<Prefix> podCidrs = parse(node.key() + ": spec.podCIDRs: ", node.podCidrs(), Prefix::parse, warnings);
        if (podCidrs.isEmpty() && config.detectLocalMode().equals("NodeCIDR")) {
            warnings.add(node.key() + ": spec.podCIDRs: none yet, so detectLocalMode NodeCIDR finds no local pods");
        }
        return new NodeFacts(
                List.copyOf(serviceCidrs),
                localNode.addresses(),
                config.localDetector(podCidrs),
                config.masqueradeAll());
    }

    /** Returns the prefixes of a ServiceCIDR object. */
    static List<Prefix> prefixes(ServiceCidr cidr, Collection<String> warnings) {
        return parse(cidr.key() + ": spec.cidrs: ", cidr.cidrs(), Prefix::parse, warnings);
    }

    private static <T> List<T> parse(
            String field, List<String> texts, Function<String, T> parser, Collection<String> warnings) {
        List<T> parsed = new ArrayList<>();
        for (String text : texts) {
            try {
                parsed.add(parser.apply(text));
            } catch (IllegalArgumentException e) {
                warnings.add(field + e.getMessage() + ", it is left out");
            }
        }
        return parsed;
    }
}

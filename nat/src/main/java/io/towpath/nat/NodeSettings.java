package io.towpath.nat;

import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.List;

/**
 * What a worker must know of its node to decide about a new connection. Immutable; the control thread publishes a new one as a whole.
 */
public final class NodeSettings {
    private final boolean masqueradeAll;
    private final long[] nodeHi;
    private final long[] nodeLo;
    private final Prefix[] localPrefixes;
    private final boolean detectsIpv4;
    private final boolean detectsIpv6;
    private final boolean[] localIngress;
    private final boolean detectsByIngress;
    private final Prefix[] bridgeNetworks;

    /** @param interfaceNames names of the interfaces that {@code ingress} numbers stand for, for detection by interface */
    public NodeSettings(DesiredState state, List<String> interfaceNames) {
        this(state.nodeFacts(), interfaceNames);
    }

    /** @param interfaceNames names of the interfaces that {@code ingress} numbers stand for, for detection by interface */
    public NodeSettings(NodeFacts facts, List<String> interfaceNames) {
        this(facts, interfaceNames, List.of());
    }

    /** @param bridgeNetworks of pods that reach each other on layer 2, past this node's IP stack */
    public NodeSettings(NodeFacts facts, List<String> interfaceNames, List<Prefix> bridgeNetworks) {
        this.bridgeNetworks = bridgeNetworks.toArray(Prefix[]::new);
        masqueradeAll = facts.masqueradeAll();
        nodeHi = facts.nodeAddresses().stream().mapToLong(Address::hi).toArray();
        nodeLo = facts.nodeAddresses().stream().mapToLong(Address::lo).toArray();
        LocalDetector detector = facts.localDetector();
        List<Prefix> prefixes = detector instanceof LocalDetector.BySource bySource ? bySource.prefixes() : List.of();
        localPrefixes = prefixes.toArray(Prefix[]::new);
        detectsByIngress = detector instanceof LocalDetector.ByInterface;
        detectsIpv4 = detectsByIngress || prefixes.stream().anyMatch(Prefix::isIpv4);
        detectsIpv6 = detectsByIngress || prefixes.stream().anyMatch(p -> !p.isIpv4());
        localIngress = new boolean[interfaceNames.size()];
        if (detector instanceof LocalDetector.ByInterface byInterface) {
            for (int i = 0; i < localIngress.length; i++) {
                localIngress[i] = byInterface.matches(interfaceNames.get(i));
            }
        }
    }

    boolean masqueradeAll() {
        return masqueradeAll;
    }

    /** Returns whether there is any way to tell a local pod in the family. */
    boolean detectsLocal(boolean ipv4) {
        return ipv4 ? detectsIpv4 : detectsIpv6;
    }

    /** Returns whether a new connection comes from a pod of this node. */
    boolean isLocalPod(int ingress, long hi, long lo) {
        if (detectsByIngress) {
            return ingress < localIngress.length && localIngress[ingress];
        }
        for (Prefix prefix : localPrefixes) {
            if (prefix.contains(hi, lo)) {
                return true;
            }
        }
        return false;
    }

    /** Returns the bridge network that an address is on, null for none. */
    Prefix bridgeNetwork(long hi, long lo) {
        for (Prefix network : bridgeNetworks) {
            if (network.contains(hi, lo)) {
                return network;
            }
        }
        return null;
    }

    /** Returns whether an address is one of the node's, loopback included. */
    boolean isNodeAddress(long hi, long lo) {
        if (hi == 0 && (lo == 1 || lo >>> 24 == 0xFFFF_7FL)) {
            return true;
        }
        for (int i = 0; i < nodeHi.length; i++) {
            if (nodeHi[i] == hi && nodeLo[i] == lo) {
                return true;
            }
        }
        return false;
    }
}

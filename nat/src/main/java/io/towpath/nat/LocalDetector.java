package io.towpath.nat;

import io.towpath.wire.Prefix;
import java.util.List;

/** Tells whether a new connection comes from a pod of this node (kube-proxy's detect-local modes). */
public sealed interface LocalDetector {
    /** No detection: nothing is local, and ClusterIP traffic is not masqueraded. */
    record None() implements LocalDetector {}

    /** By source address; a family without a prefix has no detection. */
    record BySource(List<Prefix> prefixes) implements LocalDetector {
        public BySource {
            prefixes = List.copyOf(prefixes);
        }
    }

    /** By ingress interface: its name, or the start of its name. */
    record ByInterface(String name, boolean prefix) implements LocalDetector {
        public boolean matches(String interfaceName) {
            return prefix ? interfaceName.startsWith(name) : interfaceName.equals(name);
        }
    }
}

package io.towpath.nat;

import java.util.List;
import java.util.Optional;

/**
 * The difference between two desired states; its size is that of the change, not of the cluster.
 *
 * @param changed service ports that are new or differ, as they are to be
 * @param removed service ports that are no more
 * @param nodeFacts where these differ
 */
public record DesiredChange(List<ServicePort> changed, List<ServicePort.Key> removed, Optional<NodeFacts> nodeFacts) {
    public DesiredChange {
        changed = List.copyOf(changed);
        removed = List.copyOf(removed);
    }
}

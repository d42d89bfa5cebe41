package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.api.model.NodeSpec;
import io.towpath.dataplane.model.ApiFields;
import io.towpath.dataplane.model.ClusterObject.Node;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** v1 Node; absent fields as {@code ManifestReader} takes them. */
final class NodeConversion {
    private NodeConversion() {}

    static Node convert(io.fabric8.kubernetes.api.model.Node node) {
        NodeSpec spec = Optional.ofNullable(node.getSpec()).orElseGet(NodeSpec::new);
        return new Node(
                node.getMetadata().getName(),
                addresses(node),
                podCidrs(spec),
                Optional.ofNullable(node.getMetadata().getLabels())
                        .orElse(Map.of())
                        .getOrDefault(ApiFields.ZONE, ""),
                Api.list(spec.getTaints()).stream()
                        .map(taint -> Api.text(taint.getKey()))
                        .toList(),
                node.getMetadata().getDeletionTimestamp() != null);
    }

    private static List<String> addresses(io.fabric8.kubernetes.api.model.Node node) {
        if (node.getStatus() == null) {
            return List.of();
        }
        return Api.list(node.getStatus().getAddresses()).stream()
                .filter(address -> ApiFields.isNodeAddress(Api.text(address.getType())))
                .map(address -> Api.text(address.getAddress()))
                .toList();
    }

    private static List<String> podCidrs(NodeSpec spec) {
        List<String> all = Api.texts(spec.getPodCIDRs());
        String one = Api.text(spec.getPodCIDR());
        return all.isEmpty() && !one.isEmpty() ? List.of(one) : all;
    }
}

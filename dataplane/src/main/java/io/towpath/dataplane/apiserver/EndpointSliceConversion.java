package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditions;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointHints;
import io.fabric8.kubernetes.api.model.discovery.v1.ForNode;
import io.fabric8.kubernetes.api.model.discovery.v1.ForZone;
import io.towpath.dataplane.model.ApiFields;
import io.towpath.dataplane.model.ClusterObject.Endpoint;
import io.towpath.dataplane.model.ClusterObject.EndpointPort;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** discovery.k8s.io/v1 EndpointSlice; absent fields as {@code ManifestReader} takes them. */
final class EndpointSliceConversion {
    private EndpointSliceConversion() {}

    static EndpointSlice convert(io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice slice) {
        Map<String, String> labels =
                Optional.ofNullable(slice.getMetadata().getLabels()).orElse(Map.of());
        Map<String, String> annotations =
                Optional.ofNullable(slice.getMetadata().getAnnotations()).orElse(Map.of());
        return new EndpointSlice(
                Api.text(slice.getMetadata().getNamespace(), "default"),
                slice.getMetadata().getName(),
                labels.getOrDefault(ApiFields.SERVICE_NAME, ""),
                labels.containsKey(ApiFields.HEADLESS),
                ApiFields.milliseconds(annotations.getOrDefault(ApiFields.LAST_CHANGE_TRIGGER_TIME, "")),
                Api.text(slice.getAddressType()).intern(),
                Api.list(slice.getPorts()).stream()
                        .filter(port -> port.getName() != null && Api.number(port.getPort()) != 0)
                        .map(port ->
                                new EndpointPort(port.getName(), Api.text(port.getProtocol(), "TCP"), port.getPort()))
                        .toList(),
                Api.list(slice.getEndpoints()).stream()
                        .filter(endpoint -> !Api.texts(endpoint.getAddresses()).isEmpty())
                        .map(EndpointSliceConversion::endpoint)
                        .toList());
    }

    private static Endpoint endpoint(io.fabric8.kubernetes.api.model.discovery.v1.Endpoint endpoint) {
        EndpointConditions conditions =
                Optional.ofNullable(endpoint.getConditions()).orElseGet(EndpointConditions::new);
        EndpointHints hints = Optional.ofNullable(endpoint.getHints()).orElseGet(EndpointHints::new);
        return new Endpoint(
                Api.texts(endpoint.getAddresses()).getFirst(),
                Api.truth(conditions.getReady(), true),
                Api.truth(conditions.getServing(), true),
                Api.truth(conditions.getTerminating(), false),
                Api.text(endpoint.getNodeName()),
                Api.text(endpoint.getZone()),
                endpoint.getTargetRef() == null
                        ? ""
                        : Api.text(endpoint.getTargetRef().getName()),
                names(Api.list(hints.getForZones()).stream()
                        .map(ForZone::getName)
                        .toList()),
                names(Api.list(hints.getForNodes()).stream()
                        .map(ForNode::getName)
                        .toList()));
    }

    private static List<String> names(List<String> names) {
        return names.stream().map(Api::text).toList();
    }
}

package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.api.model.ClientIPConfig;
import io.fabric8.kubernetes.api.model.ServiceSpec;
import io.fabric8.kubernetes.api.model.SessionAffinityConfig;
import io.towpath.dataplane.model.ApiFields;
import io.towpath.dataplane.model.ClusterObject.Ingress;
import io.towpath.dataplane.model.ClusterObject.Port;
import io.towpath.dataplane.model.ClusterObject.Service;
import java.util.List;
import java.util.Optional;

/** v1 Service; absent fields as {@code ManifestReader} takes them. */
final class ServiceConversion {
    private ServiceConversion() {}

    static Service convert(io.fabric8.kubernetes.api.model.Service service) {
        ServiceSpec spec = Optional.ofNullable(service.getSpec()).orElseGet(ServiceSpec::new);
        return new Service(
                Api.text(service.getMetadata().getNamespace(), "default"),
                service.getMetadata().getName(),
                Api.text(service.getMetadata().getCreationTimestamp()),
                Api.ours(service.getMetadata().getLabels()),
                Api.ours(service.getMetadata().getAnnotations()),
                Api.text(spec.getType(), "ClusterIP").intern(),
                clusterIps(spec),
                Api.texts(spec.getExternalIPs()),
                ingress(service),
                Api.texts(spec.getLoadBalancerSourceRanges()),
                Api.list(spec.getPorts()).stream()
                        .map(port -> new Port(
                                Api.text(port.getName()).intern(),
                                Api.text(port.getProtocol(), "TCP").intern(),
                                Api.number(port.getPort()),
                                Api.number(port.getNodePort())))
                        .toList(),
                Api.text(spec.getSessionAffinity(), "None").intern(),
                affinitySeconds(spec),
                Api.text(spec.getInternalTrafficPolicy(), "Cluster").intern(),
                Api.text(spec.getExternalTrafficPolicy(), "Cluster").intern(),
                Api.number(spec.getHealthCheckNodePort()));
    }

    private static List<String> clusterIps(ServiceSpec spec) {
        List<String> all = Api.texts(spec.getClusterIPs());
        String one = Api.text(spec.getClusterIP());
        return all.isEmpty() && !one.isEmpty() ? List.of(one) : all;
    }

    private static List<Ingress> ingress(io.fabric8.kubernetes.api.model.Service service) {
        if (service.getStatus() == null || service.getStatus().getLoadBalancer() == null) {
            return List.of();
        }
        return Api.list(service.getStatus().getLoadBalancer().getIngress()).stream()
                .map(entry -> new Ingress(Api.text(entry.getIp()), Api.text(entry.getIpMode(), "VIP")))
                .toList();
    }

    private static int affinitySeconds(ServiceSpec spec) {
        return Optional.ofNullable(spec.getSessionAffinityConfig())
                .map(SessionAffinityConfig::getClientIP)
                .map(ClientIPConfig::getTimeoutSeconds)
                .orElse(ApiFields.AFFINITY_DEFAULT_S);
    }
}

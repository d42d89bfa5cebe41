package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.api.model.networking.v1.ServiceCIDR;
import io.towpath.dataplane.model.ClusterObject.ServiceCidr;
import java.util.List;

/** networking.k8s.io/v1 ServiceCIDR. */
final class ServiceCidrConversion {
    private ServiceCidrConversion() {}

    static ServiceCidr convert(ServiceCIDR cidr) {
        List<String> cidrs =
                cidr.getSpec() == null ? List.of() : Api.texts(cidr.getSpec().getCidrs());
        return new ServiceCidr(cidr.getMetadata().getName(), cidrs);
    }
}

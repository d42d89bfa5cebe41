package io.towpath.dataplane.apiserver;

import io.towpath.dataplane.model.ClusterObject.ServiceCidr;
import java.util.List;
import tools.jackson.core.JsonParser;

/** networking.k8s.io/v1 ServiceCIDR. */
final class ServiceCidrFields implements KindFields {
    private List<String> cidrs = List.of();

    @Override
    public void field(String name, JsonParser json) {
        if (name.equals("spec")) {
            cidrs = JsonFields.only(json, "cidrs", List.of(), JsonFields::texts);
        } else {
            json.skipChildren();
        }
    }

    @Override
    public ServiceCidr object(MetadataFields metadata) {
        return new ServiceCidr(metadata.name, cidrs);
    }
}

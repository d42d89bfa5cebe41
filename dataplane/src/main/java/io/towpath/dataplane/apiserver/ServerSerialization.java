package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import tools.jackson.databind.json.JsonMapper;

/** Reads what an API server sends into {@link Observed} objects. */
final class ServerSerialization extends KubernetesSerialization {
    private static final String NUL = "\0";

    ServerSerialization() {
        super(JsonMapper.shared(), false);
        registerKubernetesResource(Observed.OfService.class);
        registerKubernetesResource(Observed.OfEndpointSlice.class);
        registerKubernetesResource(Observed.OfNode.class);
        registerKubernetesResource(Observed.OfServiceCidr.class);
        registerKubernetesResource(Status.class);
    }

    /**
     * Reads an event of a watch. The library decodes the bytes of a watch piece by piece and takes one NUL too many for each byte of a letter
     * but its first one (WatchHTTPManager of 8.0.0); JSON has none.
     */
    @Override
    public <T> T unmarshal(String text, Class<T> type) {
        return super.unmarshal(text.contains(NUL) ? text.replace(NUL, "") : text, type);
    }
}

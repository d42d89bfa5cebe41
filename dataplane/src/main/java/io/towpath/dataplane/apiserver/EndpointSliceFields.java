package io.towpath.dataplane.apiserver;

import io.towpath.dataplane.model.ApiFields;
import io.towpath.dataplane.model.ClusterObject.Endpoint;
import io.towpath.dataplane.model.ClusterObject.EndpointPort;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import java.util.List;
import tools.jackson.core.JsonParser;

/** discovery.k8s.io/v1 EndpointSlice; absent fields as {@code ManifestReader} takes them. */
final class EndpointSliceFields implements KindFields {
    private String addressType = "";
    private List<EndpointPort> ports = List.of();
    private List<Endpoint> endpoints = List.of();

    @Override
    public void field(String name, JsonParser json) {
        switch (name) {
            case "addressType" -> addressType = JsonFields.text(json).intern();
            case "ports" -> ports = JsonFields.list(json, PortFields::read);
            case "endpoints" -> endpoints = JsonFields.list(json, EndpointFields::read);
            default -> json.skipChildren();
        }
    }

    @Override
    public EndpointSlice object(MetadataFields metadata) {
        return new EndpointSlice(
                metadata.namespaceOrDefault(),
                metadata.name,
                metadata.labels.getOrDefault(ApiFields.SERVICE_NAME, ""),
                metadata.labels.containsKey(ApiFields.HEADLESS),
                ApiFields.milliseconds(metadata.annotations.getOrDefault(ApiFields.LAST_CHANGE_TRIGGER_TIME, "")),
                addressType,
                ports,
                endpoints);
    }

    /** An element of ports. */
    private static final class PortFields implements JsonFields.Target {
        private String name;
        private String protocol = "TCP";
        private int port;

        /** Returns null for a port without a name or number, which does not count. */
        static EndpointPort read(JsonParser json) {
            PortFields fields = new PortFields();
            JsonFields.each(json, fields);
            return fields.name == null || fields.port == 0
                    ? null
                    : new EndpointPort(fields.name, fields.protocol, fields.port);
        }

        @Override
        public void field(String field, JsonParser json) {
            switch (field) {
                case "name" -> name = JsonFields.text(json, null);
                case "protocol" -> protocol = JsonFields.text(json, protocol);
                case "port" -> port = JsonFields.number(json, 0);
                default -> json.skipChildren();
            }
        }
    }

    /** An element of endpoints. */
    private static final class EndpointFields implements JsonFields.Target {
        private String address;
        private boolean ready = true;
        private boolean serving = true;
        private boolean terminating;
        private String nodeName = "";
        private String zone = "";
        private String target = "";
        private List<String> zoneHints = List.of();
        private List<String> nodeHints = List.of();

        /** Returns null for an endpoint without an address, which does not count. */
        static Endpoint read(JsonParser json) {
            EndpointFields fields = new EndpointFields();
            JsonFields.each(json, fields);
            return fields.address == null
                    ? null
                    : new Endpoint(
                            fields.address,
                            fields.ready,
                            fields.serving,
                            fields.terminating,
                            fields.nodeName,
                            fields.zone,
                            fields.target,
                            fields.zoneHints,
                            fields.nodeHints);
        }

        @Override
        public void field(String field, JsonParser json) {
            switch (field) {
                case "addresses" -> {
                    List<String> all = JsonFields.texts(json);
                    address = all.isEmpty() ? null : all.getFirst();
                }
                case "conditions" -> JsonFields.each(json, this::condition);
                case "nodeName" -> nodeName = JsonFields.text(json);
                case "zone" -> zone = JsonFields.text(json);
                case "targetRef" -> target = JsonFields.only(json, "name", "", JsonFields::text);
                case "hints" -> JsonFields.each(json, this::hint);
                default -> json.skipChildren();
            }
        }

        private void condition(String name, JsonParser json) {
            switch (name) {
                case "ready" -> ready = JsonFields.truth(json, true);
                case "serving" -> serving = JsonFields.truth(json, true);
                case "terminating" -> terminating = JsonFields.truth(json, false);
                default -> json.skipChildren();
            }
        }

        private void hint(String name, JsonParser json) {
            switch (name) {
                case "forZones" -> zoneHints = names(json);
                case "forNodes" -> nodeHints = names(json);
                default -> json.skipChildren();
            }
        }

        private static List<String> names(JsonParser json) {
            return JsonFields.list(json, hint -> JsonFields.only(hint, "name", "", JsonFields::text));
        }
    }
}

package io.towpath.dataplane.apiserver;

import io.towpath.dataplane.model.ApiFields;
import io.towpath.dataplane.model.ClusterObject.Node;
import java.util.List;
import tools.jackson.core.JsonParser;

/** v1 Node; absent fields as {@code ManifestReader} takes them. */
final class NodeFields implements KindFields {
    private List<String> addresses = List.of();
    private List<String> podCidrs = List.of();
    private String podCidr = "";
    private List<String> taints = List.of();

    @Override
    public void field(String name, JsonParser json) {
        switch (name) {
            case "spec" -> JsonFields.each(json, this::specField);
            case "status" ->
                addresses = JsonFields.only(
                        json, "addresses", List.of(), list -> JsonFields.list(list, AddressFields::read));
            default -> json.skipChildren();
        }
    }

    private void specField(String name, JsonParser json) {
        switch (name) {
            case "podCIDRs" -> podCidrs = JsonFields.texts(json);
            case "podCIDR" -> podCidr = JsonFields.text(json);
            case "taints" ->
                taints = JsonFields.list(json, taint -> JsonFields.only(taint, "key", "", JsonFields::text));
            default -> json.skipChildren();
        }
    }

    @Override
    public Node object(MetadataFields metadata) {
        return new Node(
                metadata.name,
                addresses,
                podCidrs.isEmpty() && !podCidr.isEmpty() ? List.of(podCidr) : podCidrs,
                metadata.labels.getOrDefault(ApiFields.ZONE, ""),
                taints,
                metadata.isDeleting);
    }

    /** An element of status.addresses. */
    private static final class AddressFields implements JsonFields.Target {
        private String type = "";
        private String address = "";

        /** Returns null for one that does not count. */
        static String read(JsonParser json) {
            AddressFields fields = new AddressFields();
            JsonFields.each(json, fields);
            return ApiFields.isNodeAddress(fields.type) ? fields.address : null;
        }

        @Override
        public void field(String field, JsonParser json) {
            switch (field) {
                case "type" -> type = JsonFields.text(json);
                case "address" -> address = JsonFields.text(json);
                default -> json.skipChildren();
            }
        }
    }
}

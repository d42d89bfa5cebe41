package io.towpath.dataplane.apiserver;

import io.towpath.dataplane.model.ApiFields;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JsonParser;

/** metadata of an object, as far as somebody wants it: annotations of others can be as big as the object itself. */
final class MetadataFields implements JsonFields.Target {
    String namespace = "";
    String name = "";
    String uid;
    String resourceVersion;
    String created = "";
    boolean isDeleting;
    /** Those that a proxy may look at. */
    Map<String, String> labels = Map.of();

    Map<String, String> annotations = Map.of();

    @Override
    public void field(String field, JsonParser json) {
        switch (field) {
            case "namespace" -> namespace = JsonFields.text(json).intern();
            case "name" -> name = JsonFields.text(json);
            case "uid" -> uid = JsonFields.text(json, null);
            case "resourceVersion" -> resourceVersion = JsonFields.text(json, null);
            case "creationTimestamp" -> created = JsonFields.text(json);
            case "deletionTimestamp" -> isDeleting = JsonFields.text(json, null) != null;
            case "labels" -> labels = wanted(json);
            case "annotations" -> annotations = wanted(json);
            default -> json.skipChildren();
        }
    }

    private static Map<String, String> wanted(JsonParser json) {
        Map<String, String> wanted = new TreeMap<>();
        JsonFields.each(json, (name, value) -> {
            if (isWanted(name)) {
                wanted.put(name, JsonFields.text(value));
            } else {
                value.skipChildren();
            }
        });
        return Map.copyOf(wanted);
    }

    private static boolean isWanted(String name) {
        return name.startsWith("towpath.io/")
                || name.startsWith("service.kubernetes.io/")
                || name.equals(ApiFields.SERVICE_NAME)
                || name.equals(ApiFields.LAST_CHANGE_TRIGGER_TIME)
                || name.equals(ApiFields.ZONE);
    }

    String namespaceOrDefault() {
        return namespace.isEmpty() ? "default" : namespace;
    }
}

package io.towpath.dataplane.apiserver;

import io.towpath.dataplane.model.ClusterObject;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Absent fields of the API's objects, as their Java classes have them. */
final class Api {
    private Api() {}

    static String text(String text) {
        return Objects.requireNonNullElse(text, "");
    }

    static String text(String text, String defaultText) {
        return Objects.requireNonNullElse(text, defaultText);
    }

    static int number(Integer number) {
        return number == null ? 0 : number;
    }

    static boolean truth(Boolean truth, boolean defaultTruth) {
        return truth == null ? defaultTruth : truth;
    }

    static <T> List<T> list(List<T> list) {
        return list == null ? List.of() : list;
    }

    static List<String> texts(List<String> list) {
        return list(list).stream()
                .filter(text -> text != null && !text.isEmpty())
                .toList();
    }

    /** Returns the entries that a proxy may look at: annotations of others can be as big as the object itself. */
    static Map<String, String> ours(Map<String, String> map) {
        if (map == null || map.isEmpty()) {
            return Map.of();
        }
        Map<String, String> ours = new TreeMap<>();
        map.forEach((name, value) -> {
            if (name.startsWith("towpath.io/") || name.startsWith("service.kubernetes.io/")) {
                ours.put(name, text(value));
            }
        });
        return Map.copyOf(ours);
    }

    /** Turns an object of the API's into the record of it. */
    @FunctionalInterface
    interface Conversion<T> {
        ClusterObject convert(T object);
    }
}

package io.towpath.dataplane.apiserver;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Reads a JSON value that a parser is at, and leaves the parser at its last token. null, and a list or mapping where something else belongs,
 * are as if the field were absent.
 */
final class JsonFields {
    private JsonFields() {}

    /** Takes the fields of a mapping, in the order in which they come. */
    @FunctionalInterface
    interface Target {
        /** Reads the value that the parser is at, or has it skipped. */
        void field(String name, JsonParser json);
    }

    static void each(JsonParser json, Target target) {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            json.skipChildren();
            return;
        }
        for (String name = json.nextName(); name != null; name = json.nextName()) {
            json.nextToken();
            target.field(name, json);
        }
    }

    /** Reads one field of a mapping. */
    static <T> T only(JsonParser json, String wanted, T absent, Function<JsonParser, T> reader) {
        List<T> found = new ArrayList<>(1);
        each(json, (name, value) -> {
            if (name.equals(wanted)) {
                found.add(reader.apply(value));
            } else {
                value.skipChildren();
            }
        });
        return found.isEmpty() ? absent : found.getLast();
    }

    /** Reads a list; elements that the reader makes null of are left out. */
    static <T> List<T> list(JsonParser json, Function<JsonParser, T> reader) {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            json.skipChildren();
            return List.of();
        }
        List<T> all = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            T element = reader.apply(json);
            if (element != null) {
                all.add(element);
            }
        }
        return List.copyOf(all);
    }

    /** Reads a list without its empty texts. */
    static List<String> texts(JsonParser json) {
        return list(json, element -> {
            String text = text(element);
            return text.isEmpty() ? null : text;
        });
    }

    static String text(JsonParser json) {
        return text(json, "");
    }

    static String text(JsonParser json, String absent) {
        return hasValue(json) ? json.getString() : absent;
    }

    static int number(JsonParser json, int absent) {
        return hasValue(json) ? json.getIntValue() : absent;
    }

    static boolean truth(JsonParser json, boolean absent) {
        return hasValue(json) ? json.getBooleanValue() : absent;
    }

    private static boolean hasValue(JsonParser json) {
        json.skipChildren();
        return json.currentToken().isScalarValue() && json.currentToken() != JsonToken.VALUE_NULL;
    }
}

package io.towpath.dataplane.demo;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small JSON documents as maps, lists, texts, numbers and booleans. */
public final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** Reads one document, an object. */
    public static Map<String, Object> parse(String text) throws IOException {
        try (JsonParser parser = FACTORY.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("expected a JSON object, got: " + text.strip());
            }

            return object(parser);
        }
    }

    /** The number at a path of names; 0 where there is none. */
    public static double number(Map<String, Object> object, String... path) {
        Object value = object;
        for (String name : path) {
            value = value instanceof Map<?, ?> map ? map.get(name) : null;
        }

        return value instanceof Number number ? number.doubleValue() : 0;
    }

    /** The objects of a list; none where there is no such list. */
    @SuppressWarnings("unchecked") // a parsed object has texts as keys
    public static List<Map<String, Object>> objects(Map<String, Object> object, String name) {
        List<Map<String, Object>> found = new ArrayList<>();
        if (object.get(name) instanceof List<?> list) {
            for (Object item : list) {
                if (item instanceof Map<?, ?> map) {
                    found.add((Map<String, Object>) map);
                }
            }
        }

        return found;
    }

    private static Map<String, Object> object(JsonParser parser) throws IOException {
        Map<String, Object> object = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            object.put(name, value(parser));
        }

        return object;
    }

    private static Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            case VALUE_TRUE, VALUE_FALSE -> parser.getBooleanValue();
            case VALUE_NULL -> null;
            default -> parser.getText();
        };
    }
}

package io.towpath.dataplane.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An HTTP answer. */
public record HttpAnswer(int status, Map<String, String> headers, String body) {
    public static final HttpAnswer NOT_FOUND = new HttpAnswer(404, Map.of("Content-Type", "text/plain"), "not found\n");

    private static final JsonFactory JSON = new JsonFactory();

    /** A text that browsers are not to take for anything else. */
    public static HttpAnswer text(String body) {
        return new HttpAnswer(
                200, Map.of("Content-Type", "text/plain; charset=utf-8", "X-Content-Type-Options", "nosniff"), body);
    }

    /**
     * A JSON answer: status 200 or 503.
     *
     * @param body texts, numbers, booleans, lists and further maps by name
     */
    public static HttpAnswer of(boolean healthy, Map<String, String> moreHeaders, Map<String, Object> body) {
        Map<String, String> headers = new LinkedHashMap<>(moreHeaders);
        headers.put("Content-Type", "application/json");
        headers.put("X-Content-Type-Options", "nosniff");
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            value(json, body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new HttpAnswer(healthy ? 200 : 503, headers, text.toString());
    }

    private static void value(JsonGenerator json, Object value) throws IOException {
        switch (value) {
            case Map<?, ?> object -> {
                json.writeStartObject();
                for (Map.Entry<?, ?> field : object.entrySet()) {
                    json.writeFieldName(field.getKey().toString());
                    value(json, field.getValue());
                }
                json.writeEndObject();
            }
            case List<?> list -> {
                json.writeStartArray();
                for (Object element : list) {
                    value(json, element);
                }
                json.writeEndArray();
            }
            case Boolean truth -> json.writeBoolean(truth);
            case Integer number -> json.writeNumber(number);
            case Long number -> json.writeNumber(number);
            default -> json.writeString(value.toString());
        }
    }
}

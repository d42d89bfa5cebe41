package io.towpath.dataplane.health;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** An HTTP answer. */
public record HealthAnswer(int status, Map<String, String> headers, String body) {
    static final HealthAnswer NOT_FOUND = new HealthAnswer(404, Map.of("Content-Type", "text/plain"), "not found\n");

    private static final JsonFactory JSON = new JsonFactory();

    /**
     * A JSON answer: status 200 or 503.
     *
     * @param body texts, numbers, booleans and further maps by name
     */
    static HealthAnswer of(boolean healthy, Map<String, String> moreHeaders, Map<String, Object> body) {
        Map<String, String> headers = new LinkedHashMap<>(moreHeaders);
        headers.put("Content-Type", "application/json");
        headers.put("X-Content-Type-Options", "nosniff");
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            write(json, body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new HealthAnswer(healthy ? 200 : 503, headers, text.toString());
    }

    private static void write(JsonGenerator json, Map<?, ?> object) throws IOException {
        json.writeStartObject();
        for (Map.Entry<?, ?> field : object.entrySet()) {
            json.writeFieldName(field.getKey().toString());
            switch (field.getValue()) {
                case Map<?, ?> inner -> write(json, inner);
                case Boolean truth -> json.writeBoolean(truth);
                case Integer number -> json.writeNumber(number);
                default -> json.writeString(field.getValue().toString());
            }
        }
        json.writeEndObject();
    }
}

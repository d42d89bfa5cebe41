package io.towpath.dataplane.demo;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Collection;

/** Writes a {@link DemoResult} as one JSON object: times in ns, rates per second. */
final class JsonReport {
    private JsonReport() {}

    static String text(DemoResult result) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.useDefaultPrettyPrinter();
            json.writeStartObject();
            json.writeBooleanField("passed", result.isPassed());
            json.writeStringField("instance", result.instance());
            json.writeStringField("transport", result.transport());
            json.writeNumberField("readyAfterNs", result.readyAfterNs());
            writeHttp(json, result.http());
            writeChecks(json, result);
            writeCounters(json, result.counters());
            json.writeEndObject();
        }

        return text.toString();
    }

    private static void writeHttp(JsonGenerator json, HttpReport http) throws IOException {
        json.writeObjectFieldStart("http");
        json.writeNumberField("elapsedNs", http.elapsedNs());
        writeLines(json, "targets", http, http.targets());
        writeLines(json, "backends", http, http.backends().values());
        json.writeObjectFieldStart("failures");
        for (var cause : http.causes().entrySet()) {
            json.writeNumberField(cause.getKey(), cause.getValue());
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void writeLines(JsonGenerator json, String name, HttpReport http, Collection<HttpReport.Line> lines)
            throws IOException {
        json.writeArrayFieldStart(name);
        for (HttpReport.Line line : lines) {
            json.writeStartObject();
            json.writeStringField("name", line.label());
            json.writeNumberField("requests", line.requests());
            json.writeNumberField("connections", line.connections());
            json.writeNumberField("failures", line.failures());
            json.writeNumberField("requestsPerSecond", Math.round(http.rate(line)));
            json.writeNumberField("p50Ns", line.latencyNs().getValueAtPercentile(50));
            json.writeNumberField("p99Ns", line.latencyNs().getValueAtPercentile(99));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void writeChecks(JsonGenerator json, DemoResult result) throws IOException {
        json.writeArrayFieldStart("checks");
        for (DemoResult.Check check : result.checks()) {
            json.writeStartObject();
            json.writeStringField("what", check.what());
            json.writeStringField("to", check.to());
            json.writeBooleanField("passed", check.isOk());
            json.writeStringField("result", check.result());
            json.writeStringField("answeredBy", check.by());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void writeCounters(JsonGenerator json, Counters counters) throws IOException {
        json.writeArrayFieldStart("counters");
        for (Counters.Line line : counters.lines()) {
            json.writeStartObject();
            json.writeStringField("verdict", line.verdict());
            json.writeStringField("reason", line.reason());
            json.writeNumberField("packets", line.packets());
            json.writeNumberField("bytes", line.bytes());
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}

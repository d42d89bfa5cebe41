package io.towpath.dataplane.replay;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.Entry;
import io.towpath.conntrack.EntryTuple;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServiceWriter;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Writes what became of each packet, a JSON object a line. */
final class VerdictLog implements AutoCloseable {
    private final JsonGenerator json;
    private final ServiceWriter services;

    VerdictLog(Path file, ServiceWriter services) throws IOException {
        this.services = services;
        json = new JsonFactory().createGenerator(Files.newBufferedWriter(file));
        json.setRootValueSeparator(new SerializedString("\n"));
    }

    /**
     * Writes the line of one packet.
     *
     * @param handle conntrack handle, negative where there is none
     * @param firstOutput number of the first frame sent because of it; {@code lastOutput} is lower where there is none
     */
    void write(int step, int packet, Reason reason, long handle, int firstOutput, int lastOutput) throws IOException {
        json.writeStartObject();
        json.writeNumberField("step", step);
        json.writeNumberField("packet", packet);
        json.writeStringField("verdict", reason.verdict().name().toLowerCase(Locale.ROOT));
        json.writeStringField("reason", reason.label());
        json.writeStringField("service", handle < 0 ? null : service(handle));
        json.writeStringField("backend", handle < 0 ? null : backend(handle));
        json.writeArrayFieldStart("outputs");
        for (int frame = firstOutput; frame <= lastOutput; frame++) {
            json.writeNumber(frame);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private String service(long handle) {
        ServicePort found = services.byId(Entry.serviceId(Conntrack.entry(handle)));
        return found == null ? null : found.name().toString();
    }

    private String backend(long handle) {
        long entry = Conntrack.entry(handle);
        return new Address(EntryTuple.sourceHi(entry, 1), EntryTuple.sourceLo(entry, 1))
                .withPort(FiveTuple.sourcePort(EntryTuple.transport(entry, 1)));
    }

    @Override
    public void close() throws IOException {
        json.writeRaw('\n');
        json.close();
    }
}

package io.towpath.nat;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.towpath.maps.RecordMap;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Names of service ports by service id, for listings: length (short) at 0, UTF-8 text at 2. Kubernetes bounds each part, so all fit. */
final class ServiceNames {
    static final int LAYOUT_VERSION = 1;
    /** Namespace and name of 63 bytes each, port name of 15, separators, length. */
    static final int BYTES = 256;

    private static final int TEXT = 2;

    private ServiceNames() {}

    static void write(RecordMap names, int serviceId, ServicePortName name) {
        byte[] text = name.toString().getBytes(StandardCharsets.UTF_8);
        int length = Math.min(text.length, BYTES - TEXT);
        long at = names.offset(serviceId);
        MemorySegment.copy(text, 0, names.data(), JAVA_BYTE, at + TEXT, length);
        names.data().set(JAVA_SHORT, at, (short) length);
    }

    static String read(RecordMap names, int serviceId) {
        long at = names.offset(serviceId);
        int length = Math.clamp(names.data().get(JAVA_SHORT, at), 0, BYTES - TEXT);
        byte[] text = new byte[length];
        MemorySegment.copy(names.data(), JAVA_BYTE, at + TEXT, text, 0, length);
        return new String(text, StandardCharsets.UTF_8);
    }
}

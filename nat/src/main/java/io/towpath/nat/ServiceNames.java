package io.towpath.nat;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.towpath.maps.RecordMap;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;

/**
 * Names of service ports by service id: length (short) at 0, 0 where the id is free, protocol (byte) 2, IP version (byte) 3, UTF-8 text 4.
 * Kubernetes bounds each part, so all fit. Written by the control thread; the length is taken away first and written last.
 */
final class ServiceNames {
    static final int LAYOUT_VERSION = 2;
    /** Namespace and name of 63 bytes each, port name of 15, separators, header. */
    static final int BYTES = 256;

    private static final int PROTOCOL = 2;
    private static final int IP_VERSION = 3;
    private static final int TEXT = 4;
    private static final VarHandle SHORT = JAVA_SHORT.varHandle().withInvokeExactBehavior();

    private ServiceNames() {}

    static void write(RecordMap names, int serviceId, ServicePort.Key key) {
        byte[] text = key.name().toString().getBytes(StandardCharsets.UTF_8);
        int length = Math.min(text.length, BYTES - TEXT);
        long at = names.offset(serviceId);
        free(names, serviceId);
        VarHandle.storeStoreFence();
        names.data().set(JAVA_BYTE, at + PROTOCOL, (byte) key.name().protocol().number());
        names.data().set(JAVA_BYTE, at + IP_VERSION, (byte) (key.ipv6() ? 6 : 4));
        MemorySegment.copy(text, 0, names.data(), JAVA_BYTE, at + TEXT, length);
        SHORT.setRelease(names.data(), at, (short) length);
    }

    static void free(RecordMap names, int serviceId) {
        SHORT.setOpaque(names.data(), names.offset(serviceId), (short) 0);
    }

    static boolean isFree(RecordMap names, int serviceId) {
        return length(names, serviceId) == 0;
    }

    private static int length(RecordMap names, int serviceId) {
        return Math.clamp((short) SHORT.getAcquire(names.data(), names.offset(serviceId)), 0, BYTES - TEXT);
    }

    static String read(RecordMap names, int serviceId) {
        byte[] text = new byte[length(names, serviceId)];
        MemorySegment.copy(names.data(), JAVA_BYTE, names.offset(serviceId) + TEXT, text, 0, text.length);
        return new String(text, StandardCharsets.UTF_8);
    }

    /** Returns what an earlier process wrote, null where it is none that {@link #write} makes. */
    static ServicePort.Key key(RecordMap names, int serviceId) {
        long at = names.offset(serviceId);
        Protocol protocol = Protocol.of(names.data().get(JAVA_BYTE, at + PROTOCOL));
        String text = read(names, serviceId);
        int slash = text.indexOf('/');
        if (protocol == null || slash < 0) {
            return null;
        }
        int colon = text.indexOf(':', slash);
        String name = text.substring(slash + 1, colon < 0 ? text.length() : colon);
        String port = colon < 0 ? "" : text.substring(colon + 1);
        return new ServicePort.Key(
                new ServicePortName(text.substring(0, slash), name, port, protocol),
                names.data().get(JAVA_BYTE, at + IP_VERSION) == 6);
    }
}

package io.towpath.nat;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.towpath.maps.RecordMap;
import io.towpath.wire.Address;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * What each backend id means, in the map {@code backend-addresses}: address hi (long) at 0, lo 8, service id (int) 16, 0 where the id is
 * free, port (int) 20. Written by the control thread; the service id is taken away first and written last.
 */
final class BackendAddresses {
    static final String MAP = "backend-addresses";
    static final int LAYOUT_VERSION = 1;
    static final int BYTES = 24;

    private static final int LO = 8;
    private static final int SERVICE = 16;
    private static final int PORT = 20;
    private static final VarHandle INT = JAVA_INT.varHandle().withInvokeExactBehavior();

    private final MemorySegment data;
    private final int capacity;

    BackendAddresses(RecordMap records) {
        this.data = records.data();
        this.capacity = (int) records.capacity();
    }

    /** Ids end below this. */
    int capacity() {
        return capacity;
    }

    void write(int id, int serviceId, BackendAddress backend) {
        long at = (long) id * BYTES;
        free(id);
        VarHandle.storeStoreFence();
        data.set(JAVA_LONG, at, backend.address().hi());
        data.set(JAVA_LONG, at + LO, backend.address().lo());
        data.set(JAVA_INT, at + PORT, backend.port());
        INT.setRelease(data, at + SERVICE, serviceId);
    }

    void free(int id) {
        INT.setOpaque(data, (long) id * BYTES + SERVICE, 0);
    }

    /** Returns the service that the id is of, 0 where the id is free. */
    int serviceId(int id) {
        return (int) INT.getAcquire(data, (long) id * BYTES + SERVICE);
    }

    boolean isAt(int id, long hi, long lo, int port) {
        long at = (long) id * BYTES;
        return data.get(JAVA_LONG, at) == hi
                && data.get(JAVA_LONG, at + LO) == lo
                && data.get(JAVA_INT, at + PORT) == port;
    }

    BackendAddress read(int id) {
        long at = (long) id * BYTES;
        return new BackendAddress(
                new Address(data.get(JAVA_LONG, at), data.get(JAVA_LONG, at + LO)), data.get(JAVA_INT, at + PORT));
    }
}

package io.towpath.maps;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A word by which the stress tests publish a record, as the maps do by a word in native memory. */
final class PublishedWord {
    private static final VarHandle VALUE;

    static {
        try {
            VALUE = MethodHandles.lookup().findVarHandle(PublishedWord.class, "value", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through VALUE
    private long value;

    void publishRelease(long published) {
        VALUE.setRelease(this, published);
    }

    long readAcquire() {
        return (long) VALUE.getAcquire(this);
    }
}

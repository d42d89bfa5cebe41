package io.towpath.dataplane.port;

import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import java.lang.foreign.ValueLayout;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A port for tests: what is sent is handed over, nothing is received. */
public final class MemoryPort extends ImmediatePort {
    private final FramePool pool;
    private final BooleanSupplier isKept;
    private final Consumer<byte[]> sent;

    /**
     * @param isKept whether a frame is copied and handed over; nothing is allocated for others
     * @param sent gets a copy of each frame
     */
    public MemoryPort(int index, String name, FramePool pool, BooleanSupplier isKept, Consumer<byte[]> sent) {
        super(index, name);
        this.pool = pool;
        this.isKept = isKept;
        this.sent = sent;
    }

    @Override
    public int receive(FramePool from, Burst into, int limit) {
        return 0;
    }

    @Override
    protected Reason transmit(long l2, int length) {
        if (isKept.getAsBoolean()) {
            sent.accept(pool.frames().asSlice(l2, length).toArray(ValueLayout.JAVA_BYTE));
        }
        return null;
    }
}

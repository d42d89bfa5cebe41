package io.towpath.dataplane.port;

import io.towpath.packet.Reason;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Packets that could not leave by a port of one worker, since it was made. The worker counts; any thread reads. */
public final class PortDrops {
    private static final VarHandle FULL = field("full");
    private static final VarHandle FAILED = field("failed");

    /** Opaque: one writer. */
    private long full;

    private long failed;

    private static VarHandle field(String name) {
        try {
            return MethodHandles.lookup()
                    .findVarHandle(PortDrops.class, name, long.class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** @param reason {@link Reason#EGRESS_FULL}, or {@link Reason#EGRESS_FAILED} */
    void count(Reason reason, int packets) {
        if (reason == Reason.EGRESS_FULL) {
            FULL.setOpaque(this, full + packets);
        } else {
            FAILED.setOpaque(this, failed + packets);
        }
    }

    /** Returns the packets that the device, or the port's queue, had no room for. */
    public long fullOpaque() {
        return (long) FULL.getOpaque(this);
    }

    /** Returns the packets that the device refused, as it is down, gone, or does not like them. */
    public long failedOpaque() {
        return (long) FAILED.getOpaque(this);
    }
}

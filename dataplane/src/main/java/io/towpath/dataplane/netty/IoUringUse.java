package io.towpath.dataplane.netty;

import io.netty.channel.uring.IoUring;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The choice between io_uring and its substitute. The kernel may refuse it as a whole (a seccomp profile), or only the rings that are really
 * wanted (the limit of locked memory): so what counts is whether they can be made. Any thread.
 */
public final class IoUringUse {
    private static final AtomicBoolean SAID = new AtomicBoolean();

    private IoUringUse() {}

    /**
     * Makes something on io_uring or, where the kernel refuses that, the substitute.
     *
     * @param log told the first refusal in this process, one line
     */
    public static <T> T orElse(Supplier<T> onIoUring, Supplier<T> substitute, Consumer<String> log) {
        if (!IoUring.isAvailable()) {
            say(IoUring.unavailabilityCause(), log);
            return substitute.get();
        }
        try {
            return onIoUring.get();
        } catch (RuntimeException e) {
            say(e, log);
            return substitute.get();
        }
    }

    private static void say(Throwable refusal, Consumer<String> log) {
        if (!SAID.compareAndSet(false, true)) {
            return;
        }
        Throwable cause = refusal;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        log.accept("no io_uring, HTTP runs on NIO: " + cause.getMessage());
    }
}

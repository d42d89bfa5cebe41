package io.towpath.dataplane.http;

import io.towpath.dataplane.control.BindAddress;
import io.towpath.dataplane.http.Listeners.Handler;
import io.towpath.dataplane.http.Listeners.Listener;
import io.towpath.linux.LinuxException;
import java.io.IOException;
import java.util.function.Consumer;
import org.agrona.concurrent.NanoClock;

/** A server at an address that the configuration names. While that cannot be had it is tried again now and then. Control thread only. */
public final class RetriedServer implements AutoCloseable {
    /** Between two tries. */
    public static final long RETRY_NS = 5_000_000_000L;

    private final Settings settings;
    private final Listeners listeners;
    private final Handler handler;
    private final NanoClock clock;
    private final Consumer<String> log;
    private Listener open;
    private long triedAtNs;
    private boolean warned;

    /**
     * What the configuration says.
     *
     * @param field its name
     * @param mustOpen as bindAddressHardFail: a failure is the end
     */
    public record Settings(String field, BindAddress at, boolean mustOpen) {}

    public RetriedServer(
            Settings settings, Listeners listeners, Handler handler, NanoClock clock, Consumer<String> log) {
        this.settings = settings;
        this.listeners = listeners;
        this.handler = handler;
        this.clock = clock;
        this.log = log;
        triedAtNs = clock.nanoTime() - RETRY_NS;
    }

    /**
     * Opens it if it is not open yet and a try is due.
     *
     * @throws LinuxException if it cannot be opened and must
     */
    public void poll() {
        if (open != null || clock.nanoTime() - triedAtNs < RETRY_NS) {
            return;
        }
        triedAtNs = clock.nanoTime();
        BindAddress at = settings.at();
        try {
            open = listeners.listen(at.address(), at.port(), handler);
        } catch (IOException e) {
            String failure = settings.field() + " " + at + ": cannot listen: " + e.getMessage();
            if (settings.mustOpen()) {
                throw new LinuxException(failure + "; bindAddressHardFail does not let it go on without");
            }
            if (!warned) {
                log.accept("warning: " + failure + "; it is tried again every " + RETRY_NS / 1_000_000_000L + " s");
                warned = true;
            }
        }
    }

    @Override
    public void close() {
        if (open != null) {
            open.close();
            open = null;
        }
    }
}

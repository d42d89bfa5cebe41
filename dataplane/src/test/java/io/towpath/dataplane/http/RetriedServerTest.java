package io.towpath.dataplane.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.control.BindAddress;
import io.towpath.linux.LinuxException;
import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RetriedServerTest {
    private static final Address LOOPBACK = Address.parse("127.0.0.1");

    private final MemoryListeners listeners = new MemoryListeners();
    private final List<String> log = new ArrayList<>();
    private long nowNs;

    private RetriedServer server(boolean mustOpen) {
        return new RetriedServer(
                new RetriedServer.Settings("metricsBindAddress", new BindAddress(LOOPBACK, 10_249), mustOpen),
                listeners,
                (path, ipv6) -> HttpAnswer.text(path),
                () -> nowNs,
                log::add);
    }

    @Test
    void shouldOpenOnceThePortIsFreeAndWarnOnce() {
        listeners.take("127.0.0.1:10249");
        RetriedServer server = server(false);
        for (int second = 0; second < 20; second++) {
            server.poll();
            nowNs += 1_000_000_000;
        }
        assertEquals(
                List.of(
                        "warning: metricsBindAddress 127.0.0.1:10249: cannot listen: Address already in use; it is tried"
                                + " again every 5 s"),
                log);

        listeners.release("127.0.0.1:10249");
        server.poll();
        assertTrue(listeners.isOpen(LOOPBACK, 10_249));
        server.close();
        assertFalse(listeners.isOpen(LOOPBACK, 10_249));
    }

    @Test
    void shouldEndWhatCannotGoOnWithout() {
        listeners.take("127.0.0.1:10249");

        LinuxException failure = assertThrows(LinuxException.class, server(true)::poll);
        assertEquals(
                "metricsBindAddress 127.0.0.1:10249: cannot listen: Address already in use; bindAddressHardFail does not"
                        + " let it go on without",
                failure.getMessage());
    }
}

package io.towpath.bench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is measured is what the name of the path says. */
final class CoreLoadTest {
    private static final int FLOWS = 100;
    private static final long NOW_NS = 1_000_000_000L;

    @ParameterizedTest
    @EnumSource(names = {"HIT", "HIT_V6", "HIT_MASQUERADE", "HIT_SOCKET"})
    void shouldForwardRequestsToTheBackends(CorePath path) {
        try (CoreLoad load = new CoreLoad(path, FLOWS, new AnonymousMapStore())) {
            long before = load.engine().sent(RouterEngine.SERVERS);
            long services = load.engine().packets(Reason.SERVICE);

            load.addEstablished();
            load.engine().process(NOW_NS);

            assertEquals(Burst.LIMIT, load.engine().sent(RouterEngine.SERVERS) - before);
            assertEquals(Burst.LIMIT, load.engine().packets(Reason.SERVICE) - services);
        }
    }

    @Test
    void shouldForwardRepliesToTheClients() {
        try (CoreLoad load = new CoreLoad(CorePath.REPLY, FLOWS, new AnonymousMapStore())) {
            long before = load.engine().packets(Reason.SERVICE_REPLY);
            TcpFrame answer = new TcpFrame();

            load.addEstablished();
            load.engine().process(NOW_NS);
            load.engine().answer(RouterEngine.CLIENTS, 0, answer);

            assertEquals(Burst.LIMIT, load.engine().packets(Reason.SERVICE_REPLY) - before);
            assertEquals((int) Flows.vip(true).lo(), (int) answer.destinationLo);
            assertEquals(Flows.SERVICE_PORT, answer.destinationPort);
        }
    }

    @Test
    void shouldMasqueradeWhereThePathSaysSo() {
        try (CoreLoad load = new CoreLoad(CorePath.HIT_MASQUERADE, FLOWS, new AnonymousMapStore())) {
            TcpFrame answer = new TcpFrame();

            load.addEstablished();
            load.engine().process(NOW_NS);
            load.engine().answer(RouterEngine.SERVERS, 0, answer);

            assertEquals(0x0A64_0001, (int) answer.destinationLo, "the router's own address, 10.100.0.1");
        }
    }

    @Test
    void shouldOpenNewFlowsAndRemoveThemAloneOnceTheyAreExpired() {
        try (CoreLoad load = new CoreLoad(CorePath.NEW, FLOWS, new AnonymousMapStore())) {
            long before = load.engine().sent(RouterEngine.SERVERS);

            load.openBurst();
            int expired = load.engine().removeExpired(System.nanoTime() + 150_000_000_000L);

            assertEquals(Burst.LIMIT, load.engine().sent(RouterEngine.SERVERS) - before);
            assertEquals(Burst.LIMIT, expired);
        }
    }
}

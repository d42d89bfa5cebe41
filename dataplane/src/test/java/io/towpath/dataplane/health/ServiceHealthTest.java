package io.towpath.dataplane.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.http.HttpAnswer;
import io.towpath.dataplane.http.Listeners;
import io.towpath.dataplane.http.MemoryListeners;
import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ServiceHealthTest {
    private static final Address NODE = Address.parse("192.0.2.1");
    private static final Address NODE6 = Address.parse("2001:db8::1");

    private final MemoryListeners listeners = new MemoryListeners();
    private final List<String> warnings = new ArrayList<>();
    private long nowNs;
    private final ServiceHealth health =
            new ServiceHealth(listeners, () -> true, () -> nowNs, warning -> warnings.add(warning.text()));

    private static HealthCheck check(String name, int port) {
        return new HealthCheck("ns", name, port, 1, HealthCheck.NOT_SERVED);
    }

    @Test
    void shouldTryATakenPortAgainAtEachSyncAndWarnOnce() {
        listeners.take("192.0.2.1:9000");
        health.sync(List.of(check("web", 9000)), List.of(NODE));
        health.sync(List.of(check("web", 9000)), List.of(NODE));

        assertEquals(
                List.of("FailedToStartServiceHealthcheck: Service ns/web: healthCheckNodePort 9000: cannot listen on "
                        + "192.0.2.1:9000: Address already in use; it is tried again every 5 s, and "
                        + "with each change"),
                warnings);

        listeners.release("192.0.2.1:9000");
        health.sync(List.of(check("web", 9000)), List.of(NODE));
        assertEquals(200, listeners.get(NODE, 9000, "/").status());
        assertEquals(1, warnings.size());
    }

    @Test
    void shouldTryATakenPortAgainWithoutAChangeAndWarnOnce() {
        listeners.take("192.0.2.1:9000");
        health.sync(List.of(check("web", 9000)), List.of(NODE));
        pollForSeconds(20);
        assertEquals(1, warnings.size(), warnings::toString);

        listeners.release("192.0.2.1:9000");
        pollForSeconds(6);
        assertEquals(200, listeners.get(NODE, 9000, "/").status());
        assertEquals(1, warnings.size(), warnings::toString);
    }

    @Test
    void shouldNotOpenAPortAnyMoreThatWasTakenUntilItsServiceWent() {
        listeners.take("192.0.2.1:9000");
        health.sync(List.of(check("web", 9000)), List.of(NODE));
        health.sync(List.of(), List.of(NODE));
        listeners.release("192.0.2.1:9000");
        pollForSeconds(6);

        assertEquals(Set.of(), listeners.open());
    }

    private void pollForSeconds(int seconds) {
        for (int second = 0; second < seconds; second++) {
            nowNs += 1_000_000_000;
            health.poll();
        }
    }

    @Test
    void shouldHandAPortOverToAnotherServiceInOneSync() {
        health.sync(List.of(check("old", 9000)), List.of(NODE));
        health.sync(List.of(check("new", 9000)), List.of(NODE));

        assertTrue(listeners.get(NODE, 9000, "/").body().contains("\"new\""));
        assertEquals(Set.of("192.0.2.1:9000"), listeners.open());
    }

    @Test
    void shouldKeepThePortOfTheFirstOfTwoServicesThatClaimIt() {
        health.sync(List.of(check("first", 9000), check("second", 9000)), List.of(NODE));

        assertTrue(listeners.get(NODE, 9000, "/").body().contains("\"first\""));
        assertEquals(
                List.of("FailedToStartServiceHealthcheck: Service ns/second: healthCheckNodePort 9000: it belongs to "
                        + "Service ns/first"),
                warnings);
    }

    @Test
    void shouldListenOnlyInFamiliesOfTheService() {
        health.sync(List.of(check("web", 9000)), List.of(NODE, NODE6));

        assertEquals(Set.of("192.0.2.1:9000"), listeners.open());
    }

    @Test
    void shouldOpenOneSocketForBothWildcardsAndCountEachFamily() {
        HealthCheck both = new HealthCheck("ns", "both", 9000, 1, 3);
        health.sync(List.of(both, check("web", 9001)), List.of(Listeners.ANY_IPV4, Listeners.ANY));

        assertEquals(Set.of("[::]:9000", "0.0.0.0:9001"), listeners.open());
        assertEquals("1", weight(listeners.get(NODE, 9000, "/")));
        assertEquals("3", weight(listeners.get(NODE6, 9000, "/")));
        assertNull(listeners.get(NODE6, 9001, "/"));
    }

    private static String weight(HttpAnswer answer) {
        return answer.headers().get("X-Load-Balancing-Endpoint-Weight");
    }

    @Test
    void shouldCloseEverythingAtTheEnd() {
        health.sync(List.of(check("web", 9000)), List.of(NODE));
        health.close();

        assertEquals(Set.of(), listeners.open());
    }
}

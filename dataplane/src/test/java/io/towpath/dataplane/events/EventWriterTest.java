package io.towpath.dataplane.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.towpath.dataplane.control.ObjectWarning;
import io.towpath.dataplane.model.ClusterObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(https = false, crud = true)
final class EventWriterTest {
    private static final ObjectWarning WRONG = new ObjectWarning(
            new ClusterObject.Key("Service", "ns", "web"), "Misconfigured", "Service ns/web: spec.externalIPs: \"x\"");

    private final List<String> log = new CopyOnWriteArrayList<>();

    KubernetesMockServer server;
    KubernetesClient client;

    private EventWriter writer(String nodeName) {
        return new EventWriter(client.events().v1().events(), nodeName, key -> "uid of " + key.name(), log::add);
    }

    private List<Event> events(String namespace) {
        return client.events().v1().events().inNamespace(namespace).list().getItems();
    }

    private static void until(BooleanSupplier condition) {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > endNs) {
                fail("did not come about");
            }
            Thread.yield();
        }
    }

    @Test
    void shouldWriteWhatIsWrongWithAnObject() {
        try (EventWriter writer = writer("node-1")) {
            writer.report(WRONG);
            until(() -> !events("ns").isEmpty());
        }

        Event event = events("ns").getFirst();
        assertEquals("Warning", event.getType());
        assertEquals("Misconfigured", event.getReason());
        assertEquals(WRONG.text(), event.getNote());
        assertEquals("towpath", event.getReportingController());
        assertEquals("towpath-node-1", event.getReportingInstance());
        assertEquals("uid of web", event.getRegarding().getUid());
        assertEquals("v1", event.getRegarding().getApiVersion());
        assertTrue(event.getMetadata().getName().startsWith("web."));
        assertTrue(
                event.getEventTime().getTime().matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z"),
                event.getEventTime().getTime());
        assertNull(event.getSeries());
        assertEquals(List.of(), log);
    }

    @Test
    void shouldMakeASeriesOfWhatIsSaidAgain() throws Exception {
        try (EventWriter writer = writer("node-1")) {
            writer.report(WRONG);
            writer.report(WRONG);
            writer.report(WRONG);
            until(() -> !events("ns").isEmpty()
                    && events("ns").getFirst().getSeries() != null
                    && events("ns").getFirst().getSeries().getCount() == 3);
        }

        assertEquals(1, events("ns").size());
        assertEquals(List.of("PATCH", "PATCH"), methodsOfRequestsFor("/events/web."));
    }

    private List<String> methodsOfRequestsFor(String part) throws InterruptedException {
        List<String> methods = new ArrayList<>();
        for (int left = server.getRequestCount(); left > 0; left--) {
            RecordedRequest request = server.takeRequest();
            if (request.getPath().contains(part)) {
                methods.add(request.getMethod());
            }
        }
        return methods;
    }

    @Test
    void shouldWriteAnewWhatTheServerHasForgotten() {
        try (EventWriter writer = writer("node-1")) {
            writer.report(WRONG);
            until(() -> !events("ns").isEmpty());
            client.events().v1().events().inNamespace("ns").delete();
            writer.report(WRONG);
            until(() -> !events("ns").isEmpty());

            assertEquals(0, writer.lost());
        }
    }

    @Test
    void shouldAddOneEventForWhatAllNodesSay() {
        ObjectWarning ofNode2 = WRONG.onNode("node-2");
        try (EventWriter first = writer("node-1");
                EventWriter second = writer("node-2")) {
            first.report(WRONG);
            until(() -> !events("ns").isEmpty());
            second.report(WRONG);
            second.report(ofNode2);
            until(() -> events("ns").size() > 1);

            assertEquals(List.of("towpath-node-1", "towpath-node-2"), instances());
            assertEquals(0, second.lost());
        }
    }

    private List<String> instances() {
        return events("ns").stream().map(Event::getReportingInstance).sorted().toList();
    }

    @Test
    void shouldSayInTheDefaultNamespaceWhatIsWrongWithANode() {
        try (EventWriter writer = writer("node-1")) {
            writer.report(new ObjectWarning(new ClusterObject.Key("Node", "", "node-1"), "Misconfigured", "x"));
            until(() -> !events("default").isEmpty());
        }

        assertNull(events("default").getFirst().getRegarding().getNamespace());
    }

    @Test
    void shouldLoseAndCountWhatIsTooMuch() {
        try (EventWriter writer = writer("node-1")) {
            for (int i = 0; i < 100; i++) {
                writer.report(new ObjectWarning(WRONG.object(), "Misconfigured", "number " + i));
            }
            until(() -> events("ns").size() + writer.lost() == 100);
            assertEquals(EventLimit.BURST, events("ns").size());
        }

        assertEquals(List.of("75 Events about misconfigured objects were not written"), log);
    }

    @Test
    void shouldAllowABurstAndThenAFewNowAndThen() {
        EventLimit limit = new EventLimit(0);
        for (int i = 0; i < EventLimit.BURST; i++) {
            assertTrue(limit.take(1));
        }
        assertEquals(false, limit.take(EventLimit.REFILL_NS - 1));
        assertEquals(true, limit.take(EventLimit.REFILL_NS));
        assertEquals(false, limit.take(EventLimit.REFILL_NS + 1));
        assertEquals(true, limit.take(1000 * EventLimit.REFILL_NS));
    }

    @Test
    void shouldBeginANewSeriesAfterAWhileAndRememberSoMuchOnly() {
        SaidEvents said = new SaidEvents();
        assertEquals(1, said.say(WRONG, 0));
        assertEquals(2, said.say(WRONG, SaidEvents.SERIES_NS));
        assertEquals(1, said.say(WRONG, 2 * SaidEvents.SERIES_NS + 1));
        for (int i = 0; i < SaidEvents.LIMIT; i++) {
            said.say(WRONG.onNode("node-" + i), 0);
        }
        assertEquals(1, said.say(WRONG, 2 * SaidEvents.SERIES_NS + 2));
    }
}

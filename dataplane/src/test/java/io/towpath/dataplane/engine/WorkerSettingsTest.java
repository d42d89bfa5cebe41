package io.towpath.dataplane.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.nat.LocalDetector;
import io.towpath.nat.NodeFacts;
import io.towpath.nat.NodeSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import org.junit.jupiter.api.Test;

final class WorkerSettingsTest {
    private static final NodeFacts OLD = facts(false);
    private static final NodeFacts NEW = facts(true);

    private final WorkerSettings settings = new WorkerSettings(facts -> new NodeSettings(facts, List.of("eth0")));
    private final Queue<Runnable> full = new ArrayBlockingQueue<>(1);
    private final Queue<Runnable> empty = new ArrayBlockingQueue<>(8);
    private final List<NodeSettings> taken = new ArrayList<>();
    private final List<NodeSettings> takenByOther = new ArrayList<>();

    private static NodeFacts facts(boolean masqueradeAll) {
        return new NodeFacts(List.of(), List.of(), new LocalDetector.None(), masqueradeAll);
    }

    @Test
    void shouldOfferAgainWhatAFullQueueDidNotTake() {
        settings.add(full, taken::add);
        settings.add(empty, takenByOther::add);
        full.add(() -> {});

        settings.publish(OLD);
        settings.publish(NEW);
        assertFalse(settings.offer());

        full.remove().run();
        assertTrue(settings.offer());
        full.remove().run();
        assertTrue(settings.offer());

        empty.forEach(Runnable::run);
        assertEquals(2, takenByOther.size(), "the other got each once");
        assertEquals(List.of(takenByOther.getLast()), taken, "the latest only");
    }
}

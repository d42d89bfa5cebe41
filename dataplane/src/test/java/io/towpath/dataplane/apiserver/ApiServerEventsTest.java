package io.towpath.dataplane.apiserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.control.ObjectWarning;
import io.towpath.dataplane.control.SourceStatus.State;
import io.towpath.dataplane.model.ClusterObject;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ApiServerEventsTest {
    private static final ClusterObject.Key SERVICE = new ClusterObject.Key("Service", "ns", "a");

    @TempDir
    Path folder;

    @Test
    void shouldSayOnceThatItMayNotWriteEvents() throws Exception {
        try (ScriptedApiServer server = new ScriptedApiServer();
                FollowedServer followed = new FollowedServer(
                        ApiServerAccess.plain(server.url()), false, folder.resolve("state/cluster.json"))) {
            server.answer("events", 1000, 403, null);
            followed.until(() -> followed.source.status().state() == State.LIVE);
            followed.source.report(new ObjectWarning(SERVICE, "Misconfigured", "one"));
            followed.source.report(new ObjectWarning(SERVICE, "Misconfigured", "two"));
            followed.until(() -> server.count("events", false) == 2).untilLogged("Events about misconfigured objects");

            assertEquals(2, followed.log.size(), followed.log.toString());
            assertTrue(followed.log.getLast().contains("403 Forbidden: the permission to create and patch them"));
            assertEquals("", followed.source.status().lastError(), "all can be read");
        }
    }
}

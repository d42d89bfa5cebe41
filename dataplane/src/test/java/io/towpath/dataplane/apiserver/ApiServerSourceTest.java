package io.towpath.dataplane.apiserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.control.SourceStatus.State;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ApiServerSourceTest {
    @TempDir
    Path folder;

    private ScriptedApiServer server;
    private FollowedServer followed;

    @BeforeEach
    void startServer() throws Exception {
        server = new ScriptedApiServer();
        server.put("services", "a", ApiObjects.service("a", "10.96.0.1"));
        server.put("endpointslices", "a-1", ApiObjects.slice("a-1", "a", "10.1.0.1"));
        server.put("nodes", "node", ApiObjects.node("\"podCIDRs\":[\"10.1.0.0/24\"]"));
        server.put("servicecidrs", "kubernetes", ApiObjects.serviceCidr("10.96.0.0/16"));
    }

    @AfterEach
    void stop() {
        if (followed != null) {
            followed.close();
        }
        server.close();
    }

    private FollowedServer follow() {
        return follow(false);
    }

    private FollowedServer follow(boolean needsPodCidrs) {
        followed = new FollowedServer(
                ApiServerAccess.plain(server.url()), needsPodCidrs, folder.resolve("state/cluster.json"));
        return followed;
    }

    private FollowedServer followUntilLive() {
        return follow().until(() -> followed.source.status().state() == State.LIVE
                && server.isWatched("services")
                && server.isWatched("endpointslices"));
    }

    @Test
    void shouldTellAllKindsAtOnceAndAskOnlyForWhatConcernsTheNode() {
        followUntilLive();

        assertEquals(1, followed.polled);
        assertEquals(Set.of("+a", "+a-1", "+node", "+kubernetes"), Set.copyOf(followed.told));
        assertEquals(4, followed.told.size());
        assertEquals(
                Set.of("Service", "EndpointSlice", "Node", "ServiceCIDR"),
                followed.source.status().lastEventOfKindMs().keySet());
        assertEquals(0, followed.source.oldestReceivedNs(), "that was no change");
        assertTrue(query("services").contains("labelSelector=!service.kubernetes.io/service-proxy-name"));
        assertTrue(query("services").contains("fieldSelector=spec.clusterIP!=None"), query("services"));
        assertTrue(query("endpointslices").contains("labelSelector=!service.kubernetes.io/headless"));
        assertTrue(query("nodes").contains("fieldSelector=metadata.name=node"));
        assertEquals(
                List.of("api server " + server.url() + ": in force: 1 Services, 1 EndpointSlices, 1 ServiceCIDRs"),
                followed.log);
    }

    private String query(String resource) {
        return server.requests.stream()
                .filter(request -> request.resource().equals(resource))
                .findFirst()
                .orElseThrow()
                .query();
    }

    @Test
    void shouldTellWhatChangesAndNothingElse() {
        followUntilLive();
        followed.told.clear();
        server.put("services", "b", ApiObjects.service("b", "10.96.0.2"));
        followed.untilTold("+b");
        server.put("services", "a", ApiObjects.service("a", "10.96.0.1", "\"kubectl/last-applied\":\"{}\""));
        server.put("services", "b", ApiObjects.service("b", "10.96.0.9"));
        followed.until(() -> followed.clusterIp("b").equals("10.96.0.9"));
        server.delete("services", "b");
        followed.untilTold("-b");

        assertEquals(List.of("+b", "+b", "-b"), followed.told);
    }

    @Test
    void shouldForwardNothingByHalfAState() {
        server.answer("endpointslices", 1000, 403, null);
        follow().until(() -> followed.source.status().synced().equals(Set.of("Service", "Node", "ServiceCIDR"))
                && followed.log.size() == 2);

        assertEquals(0, followed.polled);
        assertEquals(State.WAITING, followed.source.status().state());
        assertEquals(0, followed.source.status().connectedSinceMs());
        assertTrue(
                followed.log.stream()
                        .anyMatch(line -> line.contains("endpointslices: 403 Forbidden")
                                && line.contains("nothing is sent to Services until then")),
                followed.log.toString());
        server.answerTruthfully("endpointslices");
        followed.until(() -> followed.source.status().state() == State.LIVE);
        assertEquals(4, followed.told.size());
    }

    @Test
    void shouldSayWhichKindItMayListButNotWatch() {
        server.answerWatches("services", 403);
        follow().until(() -> followed.source.status().state() == State.LIVE)
                .untilLogged("services: 403 Forbidden: the permission to list and watch them is missing");

        followed.until(() -> server.count("services", true) > 5);
        long lines = followed.log.stream()
                .filter(line -> line.contains("403 Forbidden"))
                .count();
        assertEquals(1, lines, followed.log.toString());
        assertEquals(0, followed.source.status().connectedSinceMs());
    }

    @Test
    void shouldSayOnceThatItsCredentialsAreNotAccepted() {
        server.requireToken("secret");
        follow().until(() -> server.count("services", false) > 8);

        assertTrue(followed.source.status().lastError().contains("services: 401 Unauthorized"));
        assertEquals(2, followed.log.size(), followed.log.toString());
        assertEquals(0, followed.polled);
    }

    @Test
    void shouldGoOnAfterItsWatchIsClosed() {
        followUntilLive();
        server.closeWatches();
        server.put("services", "b", ApiObjects.service("b", "10.96.0.2"));

        followed.untilTold("+b");
        assertEquals(1, followed.log.size(), followed.log.toString());
    }

    @Test
    void shouldListAnewWhenItsVersionIsGone() {
        server.put("services", "b", ApiObjects.service("b", "10.96.0.2"));
        followUntilLive();
        server.forgetBefore(server.version() + 1);
        server.closeWatches();
        server.delete("services", "b");
        server.put("services", "c", ApiObjects.service("c", "10.96.0.3"));
        followed.until(() -> server.count("services", false) > 1);

        followed.untilTold("-b").untilTold("+c");
        assertEquals(Set.of("a", "c"), services());
        assertEquals(1, followed.told.stream().filter("+a"::equals).count(), "what stayed is not told again");
    }

    private Set<String> services() {
        return followed.objects.values().stream()
                .filter(object -> object.key().kind().equals("Service"))
                .map(object -> object.name())
                .collect(java.util.stream.Collectors.toSet());
    }

    @Test
    void shouldResumeFromABookmark() {
        followUntilLive();
        server.bookmark("services", "Service", "v1");
        long bookmark = server.version();
        server.put("services", "b", ApiObjects.service("b", "10.96.0.2"));
        followed.untilTold("+b");
        server.bookmark("services", "Service", "v1");
        server.put("services", "c", ApiObjects.service("c", "10.96.0.3"));
        followed.untilTold("+c");
        server.forgetBefore(bookmark);
        server.closeWatches();
        server.put("services", "d", ApiObjects.service("d", "10.96.0.4"));

        followed.untilTold("+d");
        assertEquals(1, server.count("services", false), "lists");
    }

    @Test
    void shouldWaitAsLongAsABusyServerAsks() {
        server.answer("services", 1, 429, "1");
        followUntilLive();

        List<ScriptedApiServer.Request> lists = server.requests.stream()
                .filter(request -> request.resource().equals("services") && !request.isWatch())
                .toList();
        long pauseNs = lists.get(1).atNs() - lists.get(0).atNs();
        assertTrue(pauseNs >= TimeUnit.MILLISECONDS.toNanos(990), pauseNs + " ns");
    }

    @Test
    void shouldNotLetOneSlowStreamHoldUpTheOthers() {
        followUntilLive();
        String event = "{\"type\":\"ADDED\",\"object\":"
                + ApiObjects.service("slow", "10.96.0.7").replace("@V@", "100000") + "}\n";
        int half = event.length() / 2;
        for (char c : event.substring(0, half).toCharArray()) {
            server.raw("services", String.valueOf(c));
        }
        server.put("endpointslices", "b-1", ApiObjects.slice("b-1", "b", "10.1.0.2"));
        followed.untilTold("+b-1");
        assertFalse(followed.told.contains("+slow"));
        server.raw("services", event.substring(half));

        followed.untilTold("+slow");
    }

    @Test
    void shouldPassOverEventsThatComeTwiceOrLate() {
        followUntilLive();
        String late = "{\"type\":\"MODIFIED\",\"object\":"
                + ApiObjects.service("b", "10.96.0.8").replace("@V@", Long.toString(server.version())) + "}\n";
        server.put("services", "b", ApiObjects.service("b", "10.96.0.2"));
        String twice = "{\"type\":\"ADDED\",\"object\":"
                + ApiObjects.service("b", "10.96.0.2").replace("@V@", Long.toString(server.version())) + "}\n";
        server.raw("services", twice);
        server.raw("services", late);
        server.put("services", "c", ApiObjects.service("c", "10.96.0.3"));
        followed.untilTold("+c");
        assertEquals("10.96.0.2", followed.clusterIp("b"));
        assertEquals(1, followed.told.stream().filter("+b"::equals).count());

        server.delete("services", "b");
        server.raw("services", twice);
        server.put("services", "d", ApiObjects.service("d", "10.96.0.4"));
        followed.untilTold("+d");
        assertEquals(Set.of("a", "c", "d"), services(), "a late event brings nothing back");
    }

    @Test
    void shouldReadAnObjectOfOneMebibyteAndKeepLittleOfIt() {
        server.put("services", "big", ApiObjects.service("big", "10.96.0.3", bigAnnotation()));
        followUntilLive();
        server.put("services", "big", ApiObjects.service("big", "10.96.0.4", bigAnnotation()));

        followed.until(() -> followed.clusterIp("big").equals("10.96.0.4"));
        assertTrue(followed.objects.get("Service ns/big").toString().length() < 1000);
    }

    private static String bigAnnotation() {
        return "\"notes\":\"" + "x".repeat(1 << 20) + "\"";
    }

    @Test
    void shouldReadEventsWithLettersOfAllLanguages() {
        followUntilLive();
        long lists = server.count("services", false);
        String notes = "\"notes\":\"Größe 大きさ 😀\"";
        server.put("services", "b", ApiObjects.service("b", "10.96.0.2", notes));
        server.put("services", "c", ApiObjects.service("c", "10.96.0.3", notes));
        server.put("services", "b", ApiObjects.service("b", "10.96.0.4", notes));

        followed.until(() -> followed.objects.containsKey("Service ns/c")
                && followed.clusterIp("b").equals("10.96.0.4"));
        assertEquals(lists, server.count("services", false), "it did not have to list anew");
    }

    @Test
    void shouldReadLongListsInPages() {
        for (int i = 0; i < 1100; i++) {
            server.put("services", "s" + i, ApiObjects.service("s" + i, "10.96.1." + i));
        }
        followUntilLive();

        assertEquals(1101, services().size());
        assertEquals(3, server.count("services", false));
    }

    @Test
    void shouldTakeAServerWithoutServiceCidrsAsHavingNone() {
        server.answer("servicecidrs", 1000, 404, null);
        followUntilLive();
        followed.untilLogged("it has no ServiceCIDRs");

        assertEquals(2, followed.log.size(), followed.log.toString());
        assertEquals("", followed.source.status().lastError());
        assertNotEquals(0, followed.source.status().connectedSinceMs());
        server.answerTruthfully("servicecidrs");
        followed.nowNs += TimeUnit.MINUTES.toNanos(11);
        followed.untilTold("+kubernetes");
    }

    @Test
    void shouldNotTakeAServerWithoutEndpointSlicesForAnEmptyOne() {
        server.answer("endpointslices", 1000, 404, null);
        follow().untilLogged("endpointslices: 404 Not Found: the server does not know discovery.k8s.io/v1");

        assertEquals(0, followed.polled);
    }

    @Test
    void shouldWaitForThePodCidrsThatItNeeds() {
        server.put("nodes", "node", ApiObjects.node(""));
        follow(true).untilLogged("Node node is missing or has no spec.podCIDRs yet");
        assertEquals(0, followed.polled);

        server.put("nodes", "node", ApiObjects.node("\"podCIDR\":\"10.1.0.0/24\""));
        followed.until(() -> followed.source.status().state() == State.LIVE);
        assertEquals(4, followed.told.size());
    }

    @Test
    void shouldKeepTheLastStateWhileTheServerIsGoneAndCatchUpAfterwards() throws Exception {
        followUntilLive();
        server.stop();
        followed.untilLogged("cannot be reached");
        assertTrue(followed.log.getLast().contains("the last state stays in force"), followed.log.toString());
        // An answer that was under way when the server went can be heard after the first failure.
        followed.until(() -> followed.source.status().connectedSinceMs() == 0);
        assertEquals(4, followed.objects.size());
        int lines = followed.log.size();
        server.put("services", "b", ApiObjects.service("b", "10.96.0.2"));
        server.restart();
        followed.untilTold("+b").until(() -> followed.source.status().connectedSinceMs() != 0);
        followed.nowNs += TimeUnit.SECONDS.toNanos(11);
        followed.untilLogged("everything can be read again");
        assertEquals(lines + 1, followed.log.size(), followed.log.toString());
        assertNotEquals(0, followed.source.status().connectedSinceMs());
    }

    @Test
    void shouldStartWithTheKeptStateWhereTheServerIsGoneAndThenCatchUp() throws Exception {
        server.put("services", "b", ApiObjects.service("b", "10.96.0.2"));
        followUntilLive();
        followed.close();
        server.stop();

        follow().until(() -> followed.source.status().state() == State.SAVED);
        assertEquals(1, followed.polled);
        assertEquals(5, followed.objects.size());
        assertEquals("10.96.0.2", followed.clusterIp("b"));
        followed.untilLogged("in force as of 20");
        followed.told.clear();

        server.delete("services", "b");
        server.put("services", "c", ApiObjects.service("c", "10.96.0.3"));
        server.restart();
        followed.until(() -> followed.source.status().state() == State.LIVE);
        assertEquals(List.of("-b", "+c"), followed.told);
    }

    @Test
    void shouldSaveItsStateNowAndThen() {
        followUntilLive();
        Path file = folder.resolve("state/cluster.json");
        followed.until(() -> file.toFile().exists());
        long first = file.toFile().lastModified();
        server.put("services", "b", ApiObjects.service("b", "10.96.0.2"));
        followed.untilTold("+b");
        assertEquals(first, file.toFile().lastModified());

        followed.nowNs += TimeUnit.MINUTES.toNanos(10);
        followed.until(() -> readsB(file));
    }

    private static boolean readsB(Path file) {
        try {
            return new StateFile(file).read().orElseThrow().services().stream().anyMatch(service -> service.name()
                    .equals("b"));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void shouldLeaveTheStateOfAnotherServerAside() throws Exception {
        new StateFile(folder.resolve("state/cluster.json")).write(SavedState.of("https://other:6443/", 0, List.of()));
        server.stop();

        follow().untilLogged("is of another server, https://other:6443/");
        assertEquals(0, followed.polled);
        server.restart();
        followed.until(() -> followed.source.status().state() == State.LIVE);
    }

    @Test
    void shouldSayThatNothingIsKeptWhereTheServerIsGoneAtTheFirstStart() throws Exception {
        server.stop();

        follow().untilLogged("nothing kept in");
        followed.untilLogged("cannot be reached");
        assertEquals(0, followed.polled);
        server.restart();
    }
}

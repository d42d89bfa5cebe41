package io.towpath.dataplane.apiserver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.towpath.dataplane.control.SourceStatus.State;
import io.towpath.dataplane.packaging.Deployed;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The deployed ClusterRole allows what the client asks for, and nothing else. */
final class DeployedPermissionsTest {
    /** Written about misconfigured objects; losing them does no harm. */
    private static final Set<String> EVENTS = Set.of("create events.k8s.io/events", "patch events.k8s.io/events");

    private static final Map<String, String> GROUPS = Stream.of(
                    ObservedKind.SERVICE, ObservedKind.ENDPOINT_SLICE, ObservedKind.NODE, ObservedKind.SERVICE_CIDR)
            .collect(Collectors.toMap(ObservedKind::resource, kind -> group(kind.apiVersion())));

    @TempDir
    Path folder;

    private static String group(String apiVersion) {
        return apiVersion.contains("/") ? apiVersion.substring(0, apiVersion.indexOf('/')) : "";
    }

    @Test
    void shouldAllowExactlyWhatIsAsked() throws Exception {
        Set<String> allowed = new TreeSet<>();
        for (PolicyRule rule : Deployed.only(ClusterRole.class).getRules()) {
            for (String resource : rule.getResources()) {
                rule.getVerbs()
                        .forEach(verb ->
                                allowed.add(verb + " " + rule.getApiGroups().getFirst() + "/" + resource));
            }
        }
        Set<String> expected = new TreeSet<>(EVENTS);
        expected.addAll(asked());

        assertEquals(expected, allowed);
    }

    private Set<String> asked() throws Exception {
        try (ScriptedApiServer server = new ScriptedApiServer();
                FollowedServer followed = new FollowedServer(
                        ApiServerAccess.plain(server.url()), false, folder.resolve("cluster.json"))) {
            server.put("nodes", "node", ApiObjects.node("\"podCIDRs\":[\"10.1.0.0/24\"]"));
            followed.until(() -> followed.source.status().state() == State.LIVE
                    && GROUPS.keySet().stream().allMatch(server::isWatched));
            return server.requests.stream()
                    .map(request -> (request.isWatch() ? "watch " : "list ") + GROUPS.get(request.resource()) + "/"
                            + request.resource())
                    .collect(Collectors.toSet());
        }
    }
}

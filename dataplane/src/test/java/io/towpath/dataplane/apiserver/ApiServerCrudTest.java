package io.towpath.dataplane.apiserver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.towpath.dataplane.control.ObjectWarning;
import io.towpath.dataplane.control.SourceStatus.State;
import io.towpath.dataplane.model.ClusterObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ordinary course of things, with the client library's own server. */
@EnableKubernetesMockClient(https = false, crud = true)
final class ApiServerCrudTest {
    private final KubernetesSerialization serialization = new KubernetesSerialization();

    @TempDir
    Path folder;

    KubernetesClient client;

    private void create(String json) {
        client.resource(serialization.<HasMetadata>unmarshal(ApiObjects.unversioned(json)))
                .create();
    }

    @Test
    void shouldFollowObjectsAsClientsChangeThem() {
        create(ApiObjects.service("a", "10.96.0.1"));
        create(ApiObjects.slice("a-1", "a", "10.1.0.1"));
        create(ApiObjects.node("\"podCIDR\":\"10.1.0.0/24\""));
        create(ApiObjects.serviceCidr("10.96.0.0/16"));
        ApiServerAccess access = ApiServerAccess.plain(client.getConfiguration().getMasterUrl());
        access.config().setOnlyHttpWatches(false); // it knows no others than those over WebSockets
        try (FollowedServer followed = new FollowedServer(access, true, folder.resolve("cluster.json"))) {
            followed.until(() -> followed.source.status().state() == State.LIVE);
            assertEquals(Set.of("+a", "+a-1", "+node", "+kubernetes"), Set.copyOf(followed.told));

            create(ApiObjects.service("b", "10.96.0.2"));
            followed.untilTold("+b");
            client.services().inNamespace("ns").withName("b").edit(ApiServerCrudTest::moved);
            followed.until(() -> followed.clusterIp("b").equals("10.96.0.9"));
            client.services().inNamespace("ns").withName("b").delete();
            followed.untilTold("-b");
        }
    }

    @Test
    void shouldWriteEventsThatBelongToTheirObject() {
        create(ApiObjects.service("a", "10.96.0.1"));
        ApiServerAccess access = ApiServerAccess.plain(client.getConfiguration().getMasterUrl());
        access.config().setOnlyHttpWatches(false);
        try (FollowedServer followed = new FollowedServer(access, false, folder.resolve("cluster.json"))) {
            followed.untilTold("+a");
            followed.source.report(
                    new ObjectWarning(new ClusterObject.Key("Service", "ns", "a"), "Misconfigured", "spec: wrong"));
            followed.until(() -> !events().isEmpty());

            ObjectReference regarding = events().getFirst().getRegarding();
            assertEquals(
                    client.services()
                            .inNamespace("ns")
                            .withName("a")
                            .get()
                            .getMetadata()
                            .getUid(),
                    regarding.getUid());
        }
    }

    private List<Event> events() {
        return client.events().v1().events().inNamespace("ns").list().getItems();
    }

    private static Service moved(Service service) {
        service.getSpec().setClusterIPs(List.of("10.96.0.9"));
        return service;
    }
}

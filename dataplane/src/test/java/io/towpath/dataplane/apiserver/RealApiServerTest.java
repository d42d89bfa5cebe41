package io.towpath.dataplane.apiserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.towpath.dataplane.control.SourceStatus.State;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same against kube-apiserver and etcd, where KUBEBUILDER_ASSETS names a folder that has them. */
@Tag("real-apiserver")
final class RealApiServerTest {
    private final KubernetesSerialization serialization = new KubernetesSerialization();

    @TempDir
    Path folder;

    private static void create(KubernetesClient client, KubernetesSerialization serialization, String json) {
        client.resource(serialization.<HasMetadata>unmarshal(ApiObjects.unversioned(json)))
                .create();
    }

    @Test
    void shouldFollowARealServerThroughItsRestart() throws Exception {
        try (RealApiServer server = RealApiServer.startOrSkip(folder)) {
            ApiServerAccess access = ApiServerAccess.kubeconfig(server.kubeconfig());
            try (KubernetesClient client = new KubernetesClientBuilder()
                            .withConfig(access.config())
                            .build();
                    FollowedServer followed = new FollowedServer(access, false, folder.resolve("state/cluster.json"))) {
                followed.until(() -> followed.source.status().state() == State.LIVE);
                assertTrue(followed.objects.containsKey("Service default/kubernetes"), followed.told.toString());
                create(client, serialization, ApiObjects.namespace());
                create(client, serialization, ApiObjects.service("b", "10.0.0.77"));
                create(client, serialization, ApiObjects.slice("b-1", "b", "10.1.0.2"));
                followed.untilTold("+b").untilTold("+b-1");

                server.restart();
                followed.nowNs += TimeUnit.SECONDS.toNanos(11);
                followed.until(() -> followed.source.status().connectedSinceMs() != 0);
                client.services().inNamespace("ns").withName("b").delete();
                followed.untilTold("-b");
                assertEquals(1, followed.told.stream().filter("+b-1"::equals).count());
            }
        }
    }
}

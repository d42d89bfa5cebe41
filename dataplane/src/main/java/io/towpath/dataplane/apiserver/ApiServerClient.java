package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.vertx5.Vertx5HttpClientFactory;
import io.towpath.dataplane.events.EventWriter;
import io.towpath.dataplane.model.ApiFields;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.netty.IoUringUse;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.transport.Transport;
import io.vertx.ext.web.client.WebClientOptions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/** The client library with its own small event loop, on io_uring where the kernel lets it. */
final class ApiServerClient implements AutoCloseable {
    /** A server sends a bookmark a minute on every watch: one that is silent for longer is not there any more. */
    private static final int SILENCE_LIMIT_S = 180;

    private final Vertx vertx;
    private final KubernetesClient client;

    /** HTTP settings that the library has no names for. */
    private static final class HttpFactory extends Vertx5HttpClientFactory {
        HttpFactory(Vertx vertx) {
            super(vertx);
        }

        @Override
        protected void additionalConfig(WebClientOptions http, WebSocketClientOptions webSocket, PoolOptions pool) {
            http.setTcpKeepAlive(true);
            http.setIdleTimeoutUnit(TimeUnit.SECONDS);
            http.setReadIdleTimeout(SILENCE_LIMIT_S);
        }
    }

    /** @param log told why HTTP does not run on io_uring, where that is so */
    ApiServerClient(ApiServerAccess access, ConnectionHealth health, Consumer<String> log) {
        System.setProperty("vertx.disableDnsResolver", "true"); // the JDK's knows what the host's files say
        this.vertx = IoUringUse.orElse(() -> vertx(Transport.IO_URING), () -> vertx(Transport.NIO), log);
        this.client = new KubernetesClientBuilder()
                .withConfig(access.config())
                .withKubernetesSerialization(new ServerSerialization())
                .withHttpClientFactory(new HttpFactory(vertx))
                .withHttpClientBuilderConsumer(builder -> builder.addOrReplaceInterceptor("towpath-health", health)
                        .addOrReplaceInterceptor("towpath-retry-after", new RetryAfter()))
                .build();
    }

    private static Vertx vertx(Transport transport) {
        return Vertx.builder()
                .with(new VertxOptions()
                        .setEventLoopPoolSize(1)
                        .setWorkerPoolSize(2)
                        .setInternalBlockingPoolSize(2)
                        .setUseDaemonThread(true)
                        .setFileSystemOptions(new FileSystemOptions()
                                .setFileCachingEnabled(false)
                                .setClassPathResolvingEnabled(false)))
                .withTransport(transport)
                .build();
    }

    /** Starts to follow what concerns a node. */
    List<KindInformer<?>> follow(String nodeName, PendingEvents pending, ConnectionHealth health) {
        return List.of(
                new KindInformer<>(
                        ObservedKind.SERVICE,
                        client.resources(Observed.OfService.class)
                                .inAnyNamespace()
                                .withLabelSelector("!" + ApiFields.OTHER_PROXY)
                                .withoutField("spec.clusterIP", "None"),
                        pending,
                        health),
                new KindInformer<>(
                        ObservedKind.ENDPOINT_SLICE,
                        client.resources(Observed.OfEndpointSlice.class)
                                .inAnyNamespace()
                                .withLabelSelector("!" + ApiFields.HEADLESS),
                        pending,
                        health),
                new KindInformer<>(
                        ObservedKind.NODE,
                        client.resources(Observed.OfNode.class).withField("metadata.name", nodeName),
                        pending,
                        health),
                followServiceCidrs(pending, health));
    }

    KindInformer<?> followServiceCidrs(PendingEvents pending, ConnectionHealth health) {
        return new KindInformer<>(
                ObservedKind.SERVICE_CIDR, client.resources(Observed.OfServiceCidr.class), pending, health);
    }

    /**
     * Starts to write Events about objects.
     *
     * @param uid of an object, null where it is not known
     */
    EventWriter events(String nodeName, Function<ClusterObject.Key, String> uid, Consumer<String> log) {
        return new EventWriter(client.events().v1().events(), nodeName, uid, log);
    }

    @Override
    public void close() {
        client.close();
        vertx.close();
    }
}

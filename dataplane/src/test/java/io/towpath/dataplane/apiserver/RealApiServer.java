package io.towpath.dataplane.apiserver;

import static org.junit.jupiter.api.Assertions.fail;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** kube-apiserver and etcd, as processes of a test. */
final class RealApiServer implements AutoCloseable {
    private static final long START_LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final String TOKEN = "towpath-test";

    private final Path assets;
    private final Path folder;
    private final int etcdPort = freePort();
    private final int port = freePort();
    private Process etcd;
    private Process server;

    private RealApiServer(Path assets, Path folder) {
        this.assets = assets;
        this.folder = folder;
    }

    static RealApiServer startOrSkip(Path folder) throws Exception {
        String assets = System.getenv("KUBEBUILDER_ASSETS");
        String reason = assets == null
                ? "KUBEBUILDER_ASSETS is not set: no real kube-apiserver to test with"
                : !Files.isExecutable(Path.of(assets, "kube-apiserver")) || !Files.isExecutable(Path.of(assets, "etcd"))
                        ? "KUBEBUILDER_ASSETS=" + assets + " lacks kube-apiserver or etcd"
                        : "";
        if (!reason.isEmpty()) {
            System.err.println("skipped: " + reason);
        }
        Assumptions.assumeTrue(reason.isEmpty(), reason);
        RealApiServer real = new RealApiServer(Path.of(assets), folder);
        real.startEtcd();
        real.startServer();
        return real;
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void startEtcd() throws IOException {
        String client = "http://127.0.0.1:" + etcdPort;
        String peer = "http://127.0.0.1:" + freePort();
        etcd = start(
                "etcd",
                "--data-dir=" + folder.resolve("etcd-data"),
                "--listen-client-urls=" + client,
                "--advertise-client-urls=" + client,
                "--listen-peer-urls=" + peer,
                "--initial-advertise-peer-urls=" + peer,
                "--initial-cluster=default=" + peer);
    }

    private void startServer() throws Exception {
        Path tokens = Files.writeString(folder.resolve("tokens.csv"), TOKEN + ",admin,1,\"system:masters\"\n");
        Path key = folder.resolve("sa.key");
        if (!Files.exists(key)) {
            Process made = new ProcessBuilder("openssl", "genrsa", "-out", key.toString(), "2048")
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("openssl.log").toFile())
                    .start();
            if (made.waitFor() != 0) {
                fail("openssl: " + Files.readString(folder.resolve("openssl.log")));
            }
        }
        server = start(
                "kube-apiserver",
                "--etcd-servers=http://127.0.0.1:" + etcdPort,
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                "--secure-port=" + port,
                "--cert-dir=" + folder.resolve("certs"),
                "--token-auth-file=" + tokens,
                "--authorization-mode=RBAC",
                "--service-account-issuer=https://localhost",
                "--service-account-key-file=" + key,
                "--service-account-signing-key-file=" + key,
                "--service-cluster-ip-range=10.0.0.0/24",
                "--allow-privileged=true");
        awaitReady();
    }

    private Process start(String program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(assets.resolve(program).toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolve(program + ".log").toFile()))
                .start();
    }

    private void awaitReady() throws Exception {
        ApiServerAccess access = ApiServerAccess.kubeconfig(kubeconfig());
        long endNs = System.nanoTime() + START_LIMIT_NS;
        try (KubernetesClient client =
                new KubernetesClientBuilder().withConfig(access.config()).build()) {
            while (System.nanoTime() < endNs && server.isAlive()) {
                try {
                    client.services()
                            .inNamespace("default")
                            .withName("kubernetes")
                            .get();
                    return;
                } catch (KubernetesClientException e) {
                    TimeUnit.MILLISECONDS.sleep(200); // it needs some seconds to start
                }
            }
        }
        fail("kube-apiserver does not answer: " + Files.readString(folder.resolve("kube-apiserver.log")));
    }

    Path kubeconfig() throws IOException {
        return Files.writeString(folder.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                current-context: a
                contexts: [{name: a, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {server: "https://127.0.0.1:%d", insecure-skip-tls-verify: true}}]
                users: [{name: u, user: {token: %s}}]
                """.formatted(port, TOKEN));
    }

    void restart() throws Exception {
        end(server);
        startServer();
    }

    private static void end(Process process) {
        if (process != null) {
            process.destroy();
            process.onExit()
                    .orTimeout(10, TimeUnit.SECONDS)
                    .exceptionally(e -> process.destroyForcibly())
                    .join();
        }
    }

    @Override
    public void close() {
        end(server);
        end(etcd);
    }
}

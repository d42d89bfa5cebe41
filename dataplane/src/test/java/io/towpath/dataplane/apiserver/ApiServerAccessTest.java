package io.towpath.dataplane.apiserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.towpath.dataplane.control.SourceStatus.State;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ApiServerAccessTest {
    private static final String PASSWORD = "changeit";

    @TempDir
    Path folder;

    private Path kubeconfig(String cluster, String user) throws Exception {
        return Files.writeString(folder.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                current-context: here
                contexts: [{name: here, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {%s}}]
                users: [{name: u, user: {%s}}]
                """.formatted(cluster, user));
    }

    private String refused(String contents) throws Exception {
        Path file = Files.writeString(folder.resolve("broken"), contents);
        String message = assertThrows(ApiServerException.class, () -> ApiServerAccess.kubeconfig(file))
                .getMessage();
        assertTrue(message.startsWith("kubeconfig " + file + ": "), message);
        return message.substring(("kubeconfig " + file + ": ").length());
    }

    @Test
    void shouldSayWhatIsWrongWithAKubeconfig() throws Exception {
        assertTrue(refused("a: [").startsWith("cannot be read: "));
        assertEquals(
                "current-context: \"there\" is none of its contexts",
                refused("apiVersion: v1\nkind: Config\ncurrent-context: there\n"));
        String context =
                "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: c}}]\n";
        assertTrue(refused(context).startsWith("clusters: \"c\", the cluster of context \"a\", has no server"));
        assertTrue(refused(context + "clusters: [{name: c, cluster: {server: nonsense}}]\n")
                .startsWith("clusters: \"c\""));
        assertEquals(
                "certificate-authority: " + folder.resolve("ca.crt") + ": no such file, or not readable",
                refused(context
                        + "clusters: [{name: c, cluster: {server: 'https://a:1', certificate-authority: ca.crt}}]\n"));
        Path missing = folder.resolve("missing");
        assertEquals(
                "kubeconfig " + missing + ": no such file, or not readable",
                assertThrows(ApiServerException.class, () -> ApiServerAccess.kubeconfig(missing))
                        .getMessage());
    }

    @Test
    void shouldRefuseCertificatesThatAreNone() throws Exception {
        Files.writeString(folder.resolve("ca.crt"), "no certificate");
        String context =
                "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n";
        String authority = refused(
                context + "clusters: [{name: c, cluster: {server: 'https://a:1', certificate-authority: ca.crt}}]\n");
        assertTrue(authority.startsWith("certificate-authority: cannot be used: "), authority);
        String key = refused(context
                + "clusters: [{name: c, cluster: {server: 'https://a:1'}}]\n"
                + "users: [{name: u, user: {client-certificate-data: bm9uZQ==, client-key-data: bm9uZQ==}}]\n");
        assertTrue(key.startsWith("client-certificate and client-key: cannot be used: "), key);
    }

    @Test
    void shouldTakeWhatAPodIsGiven() throws Exception {
        Map<String, String> environment =
                Map.of("KUBERNETES_SERVICE_HOST", "fd00::1", "KUBERNETES_SERVICE_PORT", "443");
        String noPod = assertThrows(ApiServerException.class, () -> ApiServerAccess.inCluster(Map.of(), folder))
                .getMessage();
        assertTrue(noPod.endsWith("this is no pod"), noPod);
        String noToken = assertThrows(ApiServerException.class, () -> ApiServerAccess.inCluster(environment, folder))
                .getMessage();
        assertTrue(noToken.startsWith(folder.resolve("token") + ": no such file"), noToken);
        Files.writeString(folder.resolve("token"), "t1\n");
        exportCertificate("ca", "ca.crt");

        ApiServerAccess access = ApiServerAccess.inCluster(environment, folder);
        assertEquals("https://[fd00::1]:443", access.url());
        assertEquals("t1", access.config().getOauthTokenProvider().getToken());
    }

    @Test
    void shouldTakeATokenThatIsReplaced() throws Exception {
        Path token = Files.writeString(folder.resolve("token"), "first\n");
        try (ScriptedApiServer server = new ScriptedApiServer()) {
            server.requireToken("first");
            ApiServerAccess access =
                    ApiServerAccess.kubeconfig(kubeconfig("server: '" + server.url() + "'", "tokenFile: token"));
            try (FollowedServer followed = new FollowedServer(access, false, folder.resolve("state/cluster.json"))) {
                followed.until(() -> followed.source.status().state() == State.LIVE && server.isWatched("services"));
                server.requireToken("second");
                server.closeWatches();
                followed.untilLogged("401 Unauthorized");
                Path next = Files.writeString(folder.resolve("next"), "second\n");
                Files.move(next, token, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);

                server.put("services", "a", ApiObjects.service("a", "10.96.0.1"));
                followed.untilTold("+a");
            }
        }
    }

    @Test
    void shouldNotTalkToAServerOfAnotherCertificateAuthority() throws Exception {
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context(keyStore("server"))));
        server.start();
        exportCertificate("other", "other.pem");
        Path file = kubeconfig(
                "server: 'https://127.0.0.1:%d', certificate-authority: other.pem"
                        .formatted(server.getAddress().getPort()),
                "token: t");
        try (FollowedServer followed =
                new FollowedServer(ApiServerAccess.kubeconfig(file), false, folder.resolve("state/cluster.json"))) {
            followed.untilLogged("its certificate is not trusted");

            assertEquals(0, followed.polled);
        } finally {
            server.stop(0);
        }
    }

    private void exportCertificate(String name, String file) throws Exception {
        keytool("-exportcert -rfc -alias a -keystore %s -file %s".formatted(keyStore(name), folder.resolve(file)));
    }

    /** Makes NAME.p12 with a self-signed certificate for 127.0.0.1. */
    private Path keyStore(String name) throws Exception {
        Path store = folder.resolve(name + ".p12");
        keytool("-genkeypair -alias a -keyalg EC -dname CN=%s -ext SAN=ip:127.0.0.1 -keystore %s"
                .formatted(name, store));
        return store;
    }

    private static void keytool(String arguments) throws Exception {
        String command =
                Path.of(System.getProperty("java.home"), "bin/keytool") + " " + arguments + " -storepass " + PASSWORD;
        Process process =
                new ProcessBuilder(command.split(" ")).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
    }

    private static SSLContext context(Path store) throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray()), PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }
}

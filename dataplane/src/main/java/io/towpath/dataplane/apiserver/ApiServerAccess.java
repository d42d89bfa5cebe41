package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.api.model.AuthInfo;
import io.fabric8.kubernetes.api.model.NamedAuthInfo;
import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.internal.CertUtils;
import io.fabric8.kubernetes.client.internal.KubeConfigUtils;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;

/** How to get at an API server. Checked as far as it can be without asking the server. */
public final class ApiServerAccess {
    /** Where Kubernetes gives pods their credentials. */
    public static final Path SERVICE_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

    /** For one page of a list. */
    private static final int REQUEST_TIMEOUT_MS = 60_000;
    /** Within some 100 ms, or as the server says with Retry-After; then the long way of listing anew begins. */
    private static final int REQUEST_RETRIES = 3;
    /** First pause before a new attempt; the library doubles it five times. Chance keeps the nodes of a cluster from coming all at once. */
    private static final int RECONNECT_MIN_MS = 500;

    private static final int RECONNECT_MAX_MS = 1000;

    private final Config config;

    private ApiServerAccess(Config config) {
        this.config = config;
    }

    /** Reads a kubeconfig: the current context of it. */
    public static ApiServerAccess kubeconfig(Path file) throws ApiServerException {
        if (!Files.isReadable(file)) {
            throw new ApiServerException("kubeconfig " + file + ": no such file, or not readable");
        }
        try {
            io.fabric8.kubernetes.api.model.Config contents = KubeConfigUtils.parseConfig(file.toFile());
            Config config = Config.fromKubeconfig(contents.getCurrentContext(), file.toFile());
            return new ApiServerAccess(checked(config, contents, file));
        } catch (RuntimeException e) {
            throw new ApiServerException("kubeconfig " + file + ": cannot be read: " + Causes.deepest(e), e);
        }
    }

    private static Config checked(Config config, io.fabric8.kubernetes.api.model.Config contents, Path file)
            throws ApiServerException {
        NamedContext context = config.getCurrentContext();
        if (context == null || context.getContext() == null) {
            throw new ApiServerException("kubeconfig " + file + ": current-context: \"" + contents.getCurrentContext()
                    + "\" is none of its contexts");
        }
        String cluster = context.getContext().getCluster();
        boolean hasServer = contents.getClusters() != null
                && contents.getClusters().stream()
                        .anyMatch(named -> named.getName().equals(cluster)
                                && named.getCluster() != null
                                && isUrl(named.getCluster().getServer()));
        if (!hasServer) {
            throw new ApiServerException("kubeconfig " + file + ": clusters: \"" + cluster
                    + "\", the cluster of context \"" + context.getName() + "\", has no server with a URL");
        }
        requireFile(config.getCaCertFile(), file, "certificate-authority");
        requireFile(config.getClientCertFile(), file, "client-certificate");
        requireFile(config.getClientKeyFile(), file, "client-key");
        requireUsable(config, "kubeconfig " + file);
        String tokenFile = tokenFile(contents, context.getContext().getUser());
        if (tokenFile != null) {
            Path path = file.toAbsolutePath().resolveSibling(tokenFile);
            requireFile(path.toString(), file, "tokenFile");
            config.setOauthTokenProvider(new TokenFile(path));
        }
        return tuned(config);
    }

    private static boolean isUrl(String server) {
        try {
            return server != null && URI.create(server).getHost() != null;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static void requireFile(String path, Path kubeconfig, String field) throws ApiServerException {
        if (path != null && !Files.isReadable(Path.of(path))) {
            throw new ApiServerException(
                    "kubeconfig " + kubeconfig + ": " + field + ": " + path + ": no such file, or not readable");
        }
    }

    /** The library reads certificates and keys when it connects, which would be no one's fault by then. */
    private static void requireUsable(Config config, String origin) throws ApiServerException {
        if (config.getCaCertData() != null || config.getCaCertFile() != null) {
            requireUsable(origin + ": certificate-authority", () -> authorities(config));
        }
        requireUsable(origin + ": client-certificate and client-key", () -> SSLUtils.keyManagers(config));
    }

    /** A text without certificates is no fault to the library. */
    private static Collection<?> authorities(Config config) throws IOException, CertificateException {
        try (InputStream in = CertUtils.getInputStreamFromDataOrFile(config.getCaCertData(), config.getCaCertFile())) {
            Collection<?> certificates = CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (certificates.isEmpty()) {
                throw new CertificateException("no certificate in it");
            }
            return certificates;
        }
    }

    private static void requireUsable(String what, Callable<?> reading) throws ApiServerException {
        try {
            reading.call();
        } catch (Exception e) { // of ten kinds
            throw new ApiServerException(what + ": cannot be used: " + Causes.deepest(e), e);
        }
    }

    /** Kubeconfigs of kube-proxy name the file of a token that is replaced from time to time; the library passes that over. */
    private static String tokenFile(io.fabric8.kubernetes.api.model.Config contents, String user) {
        if (contents.getUsers() == null) {
            return null;
        }
        return contents.getUsers().stream()
                .filter(named -> named.getName().equals(user) && named.getUser() != null)
                .map(NamedAuthInfo::getUser)
                .map(AuthInfo::getTokenFile)
                .filter(path -> path != null && !path.isEmpty())
                .findFirst()
                .orElse(null);
    }

    /**
     * Takes what Kubernetes gives a pod.
     *
     * @param environment has KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT
     * @param serviceAccount folder with token and ca.crt
     */
    public static ApiServerAccess inCluster(Map<String, String> environment, Path serviceAccount)
            throws ApiServerException {
        String host = environment.getOrDefault("KUBERNETES_SERVICE_HOST", "");
        String port = environment.getOrDefault("KUBERNETES_SERVICE_PORT", "");
        if (host.isEmpty() || port.isEmpty()) {
            throw new ApiServerException(
                    "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod");
        }
        Path token = serviceAccount.resolve("token");
        Path authority = serviceAccount.resolve("ca.crt");
        for (Path needed : new Path[] {token, authority}) {
            if (!Files.isReadable(needed)) {
                throw new ApiServerException(
                        needed + ": no such file, or not readable: the pod has no service account's token mounted");
            }
        }
        Config config = new ConfigBuilder()
                .withAutoConfigure(false)
                .withMasterUrl("https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port)
                .withCaCertFile(authority.toString())
                .withOauthTokenProvider(new TokenFile(token))
                .build();
        requireUsable(config, authority.toString());
        return new ApiServerAccess(tuned(config));
    }

    /** For tests: a server without credentials. */
    static ApiServerAccess plain(String url) {
        return new ApiServerAccess(tuned(
                new ConfigBuilder().withAutoConfigure(false).withMasterUrl(url).build()));
    }

    private static Config tuned(Config config) {
        config.setOnlyHttpWatches(true); // one connection less each, and proxies in between understand them
        config.setUserAgent("towpath");
        config.setRequestTimeout(REQUEST_TIMEOUT_MS);
        config.setRequestRetryBackoffLimit(REQUEST_RETRIES);
        config.setWatchReconnectInterval(ThreadLocalRandom.current().nextInt(RECONNECT_MIN_MS, RECONNECT_MAX_MS));
        return config;
    }

    /** Returns where the server is. */
    public String url() {
        String url = config.getMasterUrl();
        return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    }

    Config config() {
        return config;
    }
}

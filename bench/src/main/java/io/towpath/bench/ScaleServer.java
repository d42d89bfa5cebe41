package io.towpath.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A {@link ScaleApiServer} as a child process, so that what is measured of its client is the client's. */
public final class ScaleServer implements AutoCloseable {
    private final Process process;
    private final String url;

    private ScaleServer(Process process, String url) {
        this.process = process;
        this.url = url;
    }

    /** @param prefix of the command line, for one in a namespace; it listens on the loopback address there */
    public static ScaleServer start(List<String> prefix) throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                ScaleApiServer.class.getName()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        return new ScaleServer(process, "http://127.0.0.1:" + out.readLine());
    }

    public String url() {
        return url;
    }

    /** Writes a kubeconfig that leads to it. */
    public Path kubeconfig(Path file) throws IOException {
        return Files.writeString(file, """
                apiVersion: v1
                kind: Config
                current-context: a
                contexts: [{name: a, context: {cluster: c, user: u}}]
                clusters: [{name: c, cluster: {server: '%s'}}]
                users: [{name: u, user: {}}]
                """.formatted(url));
    }

    @Override
    public void close() {
        process.destroy();
    }
}

package io.towpath.bench.net;

import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.DemoException;
import io.towpath.dataplane.demo.Json;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Programs;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The program {@code peers/net/nettool.c}.
 *
 * @param congestion control of its TCP streams and round trips, null for the system's
 */
record LoadTool(Path program, String congestion) {
    private static final Duration BUILD_LIMIT = Duration.ofMinutes(1);
    /** Far more than any sample takes. */
    private static final Duration CLIENT_LIMIT = Duration.ofSeconds(30);

    /** A server, which ends with its standard input, and so with this process at the latest. */
    static final class Server implements AutoCloseable {
        private final Process process;
        private final BufferedReader output;

        private Server(List<String> command) throws IOException {
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            output = process.inputReader();
        }

        private void awaitReady() throws IOException {
            String line = output.readLine();
            if (!"ready".equals(line)) {
                throw new IOException("the load tool's server said: " + line);
            }
        }

        /** Ends it and returns what it counted. */
        Map<String, Object> finish() throws IOException {
            process.getOutputStream().close();
            String line = output.readLine();
            if (line == null) {
                throw new IOException("the load tool's server ended without a result");
            }
            return Json.parse(line);
        }

        @Override
        public void close() {
            process.destroy();
        }
    }

    /** Builds the tool. */
    static LoadTool build(Path sources, Path folder, String congestion) throws IOException, InterruptedException {
        Programs.Result result =
                Programs.run(BUILD_LIMIT, List.of(sources.resolve("build.sh").toString(), folder.toString()));
        if (!result.isOk()) {
            throw new DemoException(result.errors().strip());
        }
        return new LoadTool(folder.resolve("nettool"), congestion);
    }

    /** Starts the TCP servers. */
    void serve(Namespace namespace, Cleanup cleanup) throws Exception {
        cleanup.closeLater(start(
                        namespace, "serve", text(ServicePort.ECHO), text(ServicePort.STREAM), text(ServicePort.HTTP)))
                .awaitReady();
    }

    /** Starts to count datagrams. */
    Server receive(Namespace namespace) throws IOException {
        Server server = start(namespace, "udp-receive", text(ServicePort.UDP));
        try {
            server.awaitReady();
            return server;
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    private Server start(Namespace namespace, String... arguments) throws IOException {
        return new Server(command(namespace, arguments));
    }

    /** Runs a client and returns what it measured. */
    Map<String, Object> run(Namespace namespace, String... arguments) throws IOException, InterruptedException {
        Programs.Result result = Programs.run(CLIENT_LIMIT, command(namespace, arguments));
        if (!result.isOk()) {
            throw new IOException(
                    result.exitCode() < 0
                            ? arguments[0] + " did not end"
                            : result.errors().strip());
        }
        return Json.parse(result.output());
    }

    private List<String> command(Namespace namespace, String... arguments) {
        List<String> all = new ArrayList<>(List.of(program.toString()));
        if (congestion != null) {
            all.addAll(List.of("-c", congestion));
        }
        all.addAll(List.of(arguments));
        return namespace.command(all.toArray(String[]::new));
    }

    static String text(ServicePort port) {
        return String.valueOf(port.number());
    }
}

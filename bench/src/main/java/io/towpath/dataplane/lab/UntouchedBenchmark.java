package io.towpath.dataplane.lab;

import io.towpath.dataplane.demo.BulkStream;
import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Programs;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * What Towpath on the nodes costs traffic that concerns no Service, and what its own way costs: round trips and streams from pod to pod with
 * it, through it, and on nodes without any trace of it, in turn. Needs root.
 */
public final class UntouchedBenchmark {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int ROUNDS = 3;
    private static final int COUNT = 3_000;
    private static final int STREAM_S = 2;

    private final Lab lab;
    private final LabNetwork network;

    private UntouchedBenchmark(Lab lab) {
        this.lab = lab;
        this.network = lab.network();
    }

    public static void main(String[] arguments) throws Exception {
        System.out.println(
                "load average: " + Files.readString(Path.of("/proc/loadavg")).strip());
        try (Cleanup cleanup = new Cleanup()) {
            UntouchedBenchmark benchmark = new UntouchedBenchmark(Lab.create(Lab.Proxy.TOWPATH, cleanup));
            benchmark.run();
        }
        System.out.println(
                "load average: " + Files.readString(Path.of("/proc/loadavg")).strip());
    }

    private void run() throws Exception {
        Host remote = network.pod(2, 1);
        String direct = remote.address(false);
        String clusterIp = lab.service("b1").clusterIp(false);
        List<EngineProcess> engines = network.nodes().stream().map(lab::engine).toList();
        report("warm-up, not counted", direct, LabService.BACKEND_PORT);
        for (int round = 0; round < ROUNDS; round++) {
            report("with Towpath on the nodes, pod to pod", direct, LabService.BACKEND_PORT);
            report("through Towpath, pod to ClusterIP", clusterIp, LabService.PORT);
            for (EngineProcess engine : engines) {
                engine.stop();
            }
            for (LabNode node : network.nodes()) {
                cleanUp(node);
            }
            report("without Towpath, pod to pod", direct, LabService.BACKEND_PORT);
            engines = List.of(lab.startEngine(network.node(1)), lab.startEngine(network.node(2)));
            for (EngineProcess engine : engines) {
                engine.awaitReady(LIMIT);
            }
        }
    }

    private static void report(String what, String address, int port, Host from) throws Exception {
        double medianUs;
        try (LabClient client = LabClient.udp(from, address, port)) {
            medianUs = RoundTrips.median(RoundTrips.measure(client, COUNT, 0));
        }
        double gigabits = BulkStream.send(
                        from.namespace(), new InetSocketAddress(address, LabService.BULK_PORT), STREAM_S)
                .gigabitsPerSecond();
        System.out.printf(
                Locale.ROOT, "%-40s round trip %.1f us, one TCP stream %.2f Gbit/s%n", what, medianUs, gigabits);
    }

    private void report(String what, String address, int port) throws Exception {
        report(what, address, port, network.pod(1, 1));
    }

    private void cleanUp(LabNode node) throws Exception {
        List<String> command = EngineProcess.command(
                "node",
                "cleanup",
                "--config",
                LabConfig.config(network.id(), node).toString());
        Programs.Result result = Programs.run(LIMIT, node.host().namespace().command(command.toArray(String[]::new)));
        if (!result.isOk()) {
            throw new IllegalStateException(result.errors());
        }
    }
}

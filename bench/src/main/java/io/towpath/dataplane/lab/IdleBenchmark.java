package io.towpath.dataplane.lab;

import io.towpath.bench.ScaleServer;
import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Network;
import io.towpath.dataplane.engine.Engine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * What an engine without traffic costs, as CPU time of its whole process, and what the first packet after a pause costs more than one in a
 * steady flow; of the latter the same packets translated by the kernel cost a part: the pod's and the measuring program's. Needs root.
 */
public final class IdleBenchmark {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    /** After its start an engine compiles what it used. */
    private static final int SETTLE_S = 5;

    private static final int ROUNDS = 5;
    /** An address that the node's kernel translates, with a rule as kube-proxy's nftables mode has. */
    private static final String KERNEL_VIP = "10.250.0.1";

    /** Until the packet path is compiled, which takes C2 some 5,000 packets of each kind; before that a pause costs 200 us more. */
    private static final int WARM_UP_COUNT = 16_000;

    private static final int BUSY_COUNT = 400;
    private static final int IDLE_COUNT = 12;
    private static final long BUSY_PAUSE_US = 200;
    private static final long IDLE_PAUSE_US = 400_000;

    private final Cleanup cleanup;
    private final Lab lab;
    private final int seconds;

    private IdleBenchmark(Cleanup cleanup, Lab lab, int seconds) {
        this.cleanup = cleanup;
        this.lab = lab;
        this.seconds = seconds;
    }

    /** @param arguments seconds of each measurement of CPU time, 20 by default */
    public static void main(String[] arguments) throws Exception {
        int seconds = arguments.length == 0 ? 20 : Integer.parseInt(arguments[0]);
        System.out.println(
                "load average: " + Files.readString(Path.of("/proc/loadavg")).strip());
        try (Cleanup cleanup = new Cleanup()) {
            IdleBenchmark benchmark = new IdleBenchmark(cleanup, Lab.create(Lab.Proxy.TOWPATH, cleanup), seconds);
            benchmark.node();
            benchmark.firstPackets();
            wakeUps();
            benchmark.apiServer();
            benchmark.router();
        }
        System.out.println(
                "load average: " + Files.readString(Path.of("/proc/loadavg")).strip());
    }

    private void node() throws Exception {
        TimeUnit.SECONDS.sleep(SETTLE_S);
        report("node mode, manifests", lab.engine(lab.network().node(1)).process());
    }

    private void apiServer() throws Exception {
        LabNode node = lab.network().node(1);
        lab.engine(node).stop();
        Path folder = LabConfig.folder(lab.network().id());
        ScaleServer server =
                cleanup.closeLater(ScaleServer.start(node.host().namespace().command()));
        EngineProcess engine = lab.startEngineWith(
                node,
                List.of(
                        "--kubeconfig",
                        server.kubeconfig(folder.resolve("kubeconfig")).toString()));
        engine.awaitReady(LIMIT);
        Path log = folder.resolve("engine-1.log");
        while (!Files.readString(log).contains("in force: 10,000 Services")) {
            TimeUnit.MILLISECONDS.sleep(200);
        }
        TimeUnit.SECONDS.sleep(2L * SETTLE_S); // it keeps the state on disk after 10 s
        report("node mode, API server with 10,000 Services", engine.process());
        engine.stop();
        LabConfig.deleteTree(
                Path.of("/var/lib/towpath", LabConfig.instance(lab.network().id(), node)));
    }

    private void router() throws Exception {
        String name = "idle-" + ProcessHandle.current().pid();
        Namespace namespace = new Namespace("towpath-" + name);
        Network.make(namespace, cleanup);
        Path folder = LabConfig.folder(lab.network().id());
        cleanup.acquire(() -> null, () -> LabConfig.deleteTree(Engine.INSTANCES.resolve(name)));
        Path config = Files.writeString(folder.resolve("router.yaml"), """
                instance: %s
                ports:
                  - {name: eth0, tap: idle0, addresses: [10.0.0.1/24]}
                  - {name: eth1, tap: idle1, addresses: [10.0.1.1/24]}
                """.formatted(name));
        List<String> command = EngineProcess.command(
                "run",
                "--config",
                config.toString(),
                "--manifests",
                LabConfig.manifests(lab.network().id()).toString());
        EngineProcess engine = cleanup.closeLater(
                EngineProcess.start(namespace.command(command.toArray(String[]::new)), folder.resolve("router.log")));
        engine.awaitReady(LIMIT);
        TimeUnit.SECONDS.sleep(SETTLE_S);
        report("router mode, manifests", engine.process());
    }

    private void report(String what, Process process) throws Exception {
        Duration before = cpu(process);
        long startNs = System.nanoTime();
        TimeUnit.SECONDS.sleep(seconds);
        double share = (double) cpu(process).minus(before).toNanos() / (System.nanoTime() - startNs);
        System.out.printf(Locale.ROOT, "idle, %s: %.2f %% of a core over %d s%n", what, 100 * share, seconds);
    }

    private static Duration cpu(Process process) {
        return process.info().totalCpuDuration().orElseThrow();
    }

    private void firstPackets() throws Exception {
        Host pod = lab.network().pod(1, 1);
        Host other = lab.network().pod(1, 2);
        LabNetwork.nft(lab.network().node(1).host().namespace(), """
                table ip kernel-peer {
                    chain prerouting {
                        type nat hook prerouting priority dstnat
                        ip daddr %s udp dport %d dnat to %s:%d
                    }
                }
                """.formatted(
                        KERNEL_VIP, LabService.PORT, other.address(false), LabService.BACKEND_PORT));
        try (LabClient engine = LabClient.udp(pod, lab.service("a2").clusterIp(false), LabService.PORT);
                LabClient kernel = LabClient.udp(pod, KERNEL_VIP, LabService.PORT)) {
            RoundTrips.measure(engine, WARM_UP_COUNT, 1);
            RoundTrips.measure(kernel, BUSY_COUNT, 1);
            double[] more = new double[ROUNDS];
            for (int round = 0; round < ROUNDS; round++) {
                double[] byEngine = costs(engine);
                double[] byKernel = costs(kernel);
                more[round] = byEngine[1] - byEngine[0] - (byKernel[1] - byKernel[0]);
                System.out.printf(
                        Locale.ROOT,
                        "round trip, median of round %d: by the engine %.0f us in a flow, %.0f us after %d ms; by nftables %.0f and %.0f us;"
                                + " so the pause costs %.0f us more with the engine%n",
                        round + 1,
                        byEngine[0],
                        byEngine[1],
                        IDLE_PAUSE_US / 1000,
                        byKernel[0],
                        byKernel[1],
                        more[round]);
            }
            Arrays.sort(more);
            System.out.printf(
                    Locale.ROOT, "the pause costs %.0f us more with the engine, median of rounds%n", more[ROUNDS / 2]);
        }
    }

    /** Each engine's worker that a round trip passes is such a thread. */
    private static void wakeUps() throws Exception {
        try (WakeUps wakeUps = new WakeUps()) {
            wakeUps.measure(BUSY_COUNT, 1);
            double busy = RoundTrips.median(wakeUps.measure(BUSY_COUNT, BUSY_PAUSE_US));
            double idle = RoundTrips.median(wakeUps.measure(3 * IDLE_COUNT, IDLE_PAUSE_US));
            System.out.printf(
                    Locale.ROOT,
                    "waking a thread in poll on this machine: %.0f us in a flow, %.0f us after %d ms%n",
                    busy,
                    idle,
                    IDLE_PAUSE_US / 1000);
        }
    }

    private static double[] costs(LabClient client) throws Exception {
        double busy = RoundTrips.median(RoundTrips.measure(client, BUSY_COUNT, BUSY_PAUSE_US));
        return new double[] {busy, RoundTrips.median(RoundTrips.measure(client, IDLE_COUNT, IDLE_PAUSE_US))};
    }
}

package io.towpath.dataplane.demo;

import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.towpath.dataplane.demo.DemoResult.Check;
import io.towpath.dataplane.netty.Transport;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Runs the demo from the first namespace to the last clean-up. Main thread. */
public final class Demo {
    private static final int LANES = 16;
    private static final Duration READY_LIMIT = Duration.ofSeconds(15);
    /** Requests before the ones that count: the code of engine, servers and client gets compiled. */
    private static final int WARM_UP_REQUESTS = 2_000;

    private final DemoOptions options;
    private final Cleanup cleanup;
    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private final String id = String.valueOf(ProcessHandle.current().pid());

    private Demo(DemoOptions options, Cleanup cleanup) {
        this.options = options;
        this.cleanup = cleanup;
    }

    /**
     * Runs the demo; returns whether all traffic went through.
     *
     * @throws DemoException when it cannot run here
     */
    public static boolean run(DemoOptions options) throws Exception {
        if (!Network.isAllowed()) {
            throw new DemoException(
                    "towpath demo needs root (network namespaces and TAP devices): run sudo ./towpath demo");
        }
        if (!Programs.isPresent("ip")) {
            throw new DemoException("needs the program ip: install iproute2");
        }
        Path manifests = manifests();
        Network.sweep(text -> System.err.println("towpath demo: " + text));
        try (Cleanup cleanup = new Cleanup()) {
            try {
                return new Demo(options, cleanup).run(manifests);
            } catch (Exception e) {
                if (cleanup.isClosed()) {
                    awaitEnd(); // this is no news
                }
                throw e;
            }
        }
    }

    private boolean run(Path manifests) throws Exception {
        progress("making namespaces for a client and 3 backends");
        cleanup.acquire(() -> DemoConfig.createFolder(id), () -> DemoConfig.deleteFolders(id));
        Network network = Network.create(id, cleanup);
        Transport transport = Transport.best();
        startBackends(network, transport);
        progress("starting the engine (towpath run) with the manifests in " + manifests);
        EngineProcess engine = startEngine(network, manifests);
        long readyAfterNs = engine.awaitReady(READY_LIMIT);
        HttpReport http = http(network, transport);
        List<Check> checks = checks(network);
        Counters counters = Counters.read(DemoConfig.instance(id));
        DemoResult result =
                new DemoResult(DemoConfig.instance(id), transport.name(), readyAfterNs, LANES, http, checks, counters);
        print(result);
        if (options.keep()) {
            keep(network);
        }

        return result.isPassed();
    }

    private EngineProcess startEngine(Network network, Path manifests) throws Exception {
        Path config = DemoConfig.write(network);
        Path log = DemoConfig.folder(id).resolve("engine.log");
        EngineProcess[] engine = new EngineProcess[1];

        return cleanup.acquire(() -> engine[0] = EngineProcess.start(config, manifests, log), () -> {
            if (engine[0] != null) {
                engine[0].stop();
            }
        });
    }

    private void startBackends(Network network, Transport transport) throws Exception {
        EventLoopGroup group = transport.newGroup(new DefaultThreadFactory("backends", true));
        cleanup.closeLater(
                () -> group.shutdownGracefully(0, 1, TimeUnit.SECONDS).await(2, TimeUnit.SECONDS));
        for (int number = 1; number <= Plan.BACKENDS; number++) {
            cleanup.closeLater(Backend.start(DemoConfig.portName(number), network.backend(number), transport, group));
        }
    }

    private HttpReport http(Network network, Transport transport) throws Exception {
        HttpReport warmUp = HttpLoad.run(
                work(Math.min(WARM_UP_REQUESTS, options.requests())),
                transport,
                network.client().threads("warm-up"));
        if (warmUp.all().requests() == 0) {
            return warmUp;
        }
        progress("sending %,d HTTP requests on %s".formatted(options.requests(), transport.name()));

        return HttpLoad.run(
                work(options.requests()), transport, network.client().threads("client"));
    }

    private static HttpLoad.Work work(int requests) {
        return new HttpLoad.Work(
                Plan.webTargets(), Plan.clientAddresses(false), Plan.clientAddresses(true), requests, LANES);
    }

    private List<Check> checks(Network network) throws InterruptedException {
        Checks checks = new Checks(network);
        List<Check> results = new ArrayList<>();
        progress("sending a bulk TCP stream for " + options.seconds() + " s");
        results.add(checks.bulk(options.seconds()));
        progress("exchanging UDP datagrams");
        results.add(checks.echo(Plan.ECHO_V4));
        results.add(checks.echo(Plan.ECHO_V6));
        progress("running curl and iperf3, where they are installed");
        results.addAll(checks.withPrograms(options.seconds()));

        return results;
    }

    private void print(DemoResult result) throws Exception {
        if (options.json()) {
            out.println(JsonReport.text(result));
        } else {
            new TextReport(out, TextReport.isOnTerminal()).print(result);
        }
    }

    private void keep(Network network) throws InterruptedException {
        String towpath = System.getProperty("towpath.launcher", "towpath");
        String client = "ip netns exec " + network.client().name();
        String instance = DemoConfig.instance(id);
        progress("""
                the network stays up until Ctrl-C; to try in another terminal, as root:
                  %1$s curl -s http://%2$s/
                  %1$s curl -s http://%3$s/
                  %1$s ping -c 3 %4$s
                  %5$s service list --instance %6$s
                  %5$s conntrack list --instance %6$s
                  %5$s counters --instance %6$s""".formatted(
                        client,
                        Plan.text(Plan.WEB_V4, Plan.WEB_PORT),
                        Plan.text(Plan.NODE_V4, Plan.WEB_NODE_PORT),
                        Plan.host4(1, 2),
                        towpath,
                        instance));
        awaitEnd();
    }

    /** Waits for the end of the process, which was told to stop or will be. */
    private static void awaitEnd() throws InterruptedException {
        new CountDownLatch(1).await();
    }

    /** Manifests to load: the folder {@code examples} beside the launcher, or in the working directory. */
    private static Path manifests() {
        String launcher = System.getProperty("towpath.launcher");
        Path folder = launcher == null ? Path.of("examples") : Path.of(launcher).resolveSibling("examples");
        folder = Path.of(System.getProperty("towpath.examples", folder.toString()));
        if (!Files.isDirectory(folder)) {
            throw new DemoException("no manifests in " + folder.toAbsolutePath());
        }

        return folder.toAbsolutePath();
    }

    private void progress(String text) throws InterruptedException {
        if (cleanup.isClosed()) {
            awaitEnd();
        }
        System.err.println("towpath demo: " + text);
    }
}

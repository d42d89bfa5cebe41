package io.towpath.bench.net;

import io.towpath.bench.Machine;
import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.DemoException;
import io.towpath.dataplane.demo.Network;
import io.towpath.dataplane.demo.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code towpath bench net}. */
@Command(
        name = "towpath bench net",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Measures Services end to end, through Towpath's engines and the kernel's own ways in turn. Needs root.")
public final class NetBench implements Callable<Integer> {
    private static final Path IPV4 = Path.of("/proc/sys/net/ipv4");
    private static final Duration MODULE_LIMIT = Duration.ofSeconds(10);
    private static final List<Integer> SWEEP = List.of(1_000, 10_000, 100_000);
    private static final List<Integer> QUICK_SWEEP = List.of(1_000, 10_000);
    private static final int ROUNDS = 5;
    private static final int QUICK_ROUNDS = 2;
    private static final double SECONDS = 1.5;
    private static final double QUICK_SECONDS = 0.5;
    private static final double WARM_UP_SECONDS = 0.5;
    /** A run takes 15 minutes at most, a quick one 3. */
    private static final int COMPARISON_SECONDS = 560;

    private static final int SWEEP_SECONDS = 780;
    private static final int QUICK_COMPARISON_SECONDS = 80;
    private static final int QUICK_SWEEP_SECONDS = 135;

    @Option(names = "--json", paramLabel = "FILE", description = "Also writes the medians to a file.")
    private Path json;

    @Option(
            names = "--svg",
            paramLabel = "FILE",
            description = "Also writes a picture of latency and throughput over the number of Services.")
    private Path svg;

    @Option(names = "--quick", description = "2 rounds of shorter samples, up to 10,000 Services.")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N", description = "Samples of each way, fewer where time runs out.")
    private int rounds;

    @Option(
            names = "--loads",
            paramLabel = "LOAD",
            split = ",",
            description = "Only these, at 10 Services: ${COMPLETION-CANDIDATES}.")
    private List<Load> loads;

    @Option(names = "--ways", paramLabel = "WAY", split = ",", description = "Only these of ${COMPLETION-CANDIDATES}.")
    private List<Way> ways = List.of(Way.values());

    @Option(
            names = "--congestion",
            paramLabel = "NAME",
            description =
                    "TCP's congestion control at both ends, as in tcp_available_congestion_control; else the system's.")
    private String congestion;

    @Spec
    private CommandSpec spec;

    private final Map<Way, String> absent = new EnumMap<>(Way.class);

    /** Runs and exits with 0, 1 if it failed, or 2 for wrong arguments. The property {@code towpath.bench} names the module's folder. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new NetBench())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((e, command, result) -> {
                    command.getErr().println("towpath bench net: " + e.getMessage());
                    return 1;
                });
    }

    @Override
    public Integer call() throws Exception {
        refuseUnknownCongestion();
        if (!Network.isAllowed()) {
            throw new DemoException("needs root (network namespaces and TAP devices): run sudo ./towpath bench net");
        }
        if (!Programs.isPresent("ip")) {
            throw new DemoException("needs the program ip: install iproute2");
        }
        try (Cleanup cleanup = new Cleanup()) {
            try {
                return measure(cleanup) ? 0 : 1;
            } catch (Exception e) {
                if (cleanup.isClosed()) {
                    new CountDownLatch(1).await(); // the process was told to end: what fails now is no news
                }
                throw e;
            }
        }
    }

    private void refuseUnknownCongestion() throws IOException, InterruptedException {
        if (congestion == null || knownCongestions().contains(congestion)) {
            return;
        }
        if (Programs.isPresent("modprobe")) {
            Programs.run(MODULE_LIMIT, List.of("modprobe", "--quiet", "tcp_" + congestion));
        }
        if (!knownCongestions().contains(congestion)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--congestion " + congestion + ": the kernel has " + String.join(", ", knownCongestions())
                            + ", and no module tcp_" + congestion + " can be loaded");
        }
    }

    private static List<String> knownCongestions() throws IOException {
        return List.of(setting("tcp_available_congestion_control").split(" "));
    }

    /** Returns whether Towpath was measured. */
    private boolean measure(Cleanup cleanup) throws Exception {
        long startNs = System.nanoTime();
        Machine machine = Machine.now();
        Path folder = Path.of(System.getProperty("towpath.bench"));
        LoadTool tool = LoadTool.build(folder.resolve("peers/net"), folder.resolve("target/peers-net"), congestion);
        say("TCP congestion control: " + (congestion != null ? congestion : setting("tcp_congestion_control")));
        BenchNetwork network =
                BenchNetwork.create(String.valueOf(ProcessHandle.current().pid()), cleanup);
        tool.serve(network.server(), cleanup);
        NetRun run = new NetRun(
                plan(network),
                network,
                new Sampler(tool, network, quick ? QUICK_SECONDS : SECONDS),
                new Sampler(tool, network, WARM_UP_SECONDS),
                NetBench::say);
        NetResults results = run.measure(startNs);
        report(results, machine.withLoadAfter());
        return results.ways().stream().anyMatch(Way::isTowpath);
    }

    private static String setting(String name) throws IOException {
        return Files.readString(IPV4.resolve(name)).strip();
    }

    private void report(NetResults results, Machine machine) throws IOException {
        NetReport report = new NetReport(results, absent, machine);
        report.lines().forEach(System.out::println);
        if (json != null) {
            Files.writeString(json, report.json());
        }
        String picture = new SweepPicture(results, machine).svg();
        if (svg != null && picture != null) {
            Files.writeString(svg, picture);
        }
    }

    private NetRun.Plan plan(BenchNetwork network) throws IOException {
        return new NetRun.Plan(
                present(network),
                loads != null ? loads : presentLoads(),
                loads != null ? List.of() : quick ? QUICK_SWEEP : SWEEP,
                rounds > 0 ? rounds : quick ? QUICK_ROUNDS : ROUNDS,
                quick ? QUICK_COMPARISON_SECONDS : COMPARISON_SECONDS,
                quick ? QUICK_SWEEP_SECONDS : SWEEP_SECONDS);
    }

    private List<Way> present(BenchNetwork network) throws IOException {
        List<Way> present = new ArrayList<>();
        for (Way way : ways) {
            String absence =
                    switch (way) {
                        case URING, NETTY, RW, UNMERGED -> EngineFiles.refusal(network, way);
                        case NFTABLES -> Programs.isPresent("nft") ? null : "install nftables";
                        case IPTABLES -> Programs.isPresent("iptables-restore") ? null : "install iptables";
                        case ROUTER, VETH -> null;
                    };
            if (absence == null) {
                present.add(way);
            } else {
                absent.put(way, absence);
                say(way.label + " is not available: " + absence);
            }
        }
        return present;
    }

    private static List<Load> presentLoads() {
        List<Load> all = new ArrayList<>(List.of(Load.values()));
        all.remove(Load.FIRST); // mostly pauses, for which a whole run has no time
        if (!Wrk.isPresent()) {
            say("conn_wrk is left out: install wrk");
            all.remove(Load.CONN_WRK);
        }
        return all;
    }

    private static void say(String text) {
        System.err.println("towpath bench net: " + text);
    }
}

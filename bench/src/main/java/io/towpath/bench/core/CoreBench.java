package io.towpath.bench.core;

import io.towpath.bench.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code towpath bench core}. */
@Command(
        name = "towpath bench core",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures the packet pipeline in memory beside an eBPF and a C program, all on one core.")
public final class CoreBench implements Callable<Integer> {
    private static final int MANY_FLOWS = 10_000_000;
    /** All tables of so many flows together; the pinned ones come on top. */
    private static final long MANY_FLOWS_BYTES = 13L << 30;

    private static final long MANY_FLOWS_PINNED_BYTES = 5L << 30;

    private static final List<Integer> FLOWS = List.of(1, 1024, 65_536, 1_048_576);
    private static final List<Integer> SCALE_FLOWS = List.of(1024, 65_536, 1_048_576);
    private static final int ROUNDS = 7;
    private static final int QUICK_ROUNDS = 3;

    private static final class PathByLabel implements CommandLine.ITypeConverter<CorePath> {
        @Override
        public CorePath convert(String label) {
            try {
                return CorePath.of(label);
            } catch (IllegalArgumentException e) {
                throw new CommandLine.TypeConversionException(e.getMessage());
            }
        }
    }

    @Spec
    private CommandSpec spec;

    @Option(names = "--json", paramLabel = "FILE", description = "Also writes the medians to a file.")
    private Path json;

    @Option(names = "--quick", description = "3 rounds instead of 7, and no 10,000,000 flows.")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N", description = "Samples of each program.")
    private int rounds;

    @Option(
            names = "--paths",
            paramLabel = "PATH",
            split = ",",
            converter = PathByLabel.class,
            description = "Only these of hit, reply, new, new-full, hit-v6, hit-masquerade, hit-socket.")
    private List<CorePath> paths = List.of(CorePath.values());

    @Option(names = "--flows", paramLabel = "N", split = ",", description = "Only these numbers of connections.")
    private List<Integer> flows;

    @Option(names = "--pinned", description = "Measures Towpath with maps pinned in /dev/shm, too.")
    private boolean pinned;

    @Option(
            names = "--attack",
            description = "Instead: floods a full table with SYNs and shows what becomes of established connections.")
    private boolean attack;

    @Option(
            names = "--sweep",
            description = "Instead: what the sweep for expired connections costs at 10,000,000 of them, or at --flows.")
    private boolean sweep;

    @Option(
            names = "--services-memory",
            description = "Instead: what 100,000 Services with 1,000,000 backends take of memory, for --workers.")
    private boolean servicesMemory;

    @Option(
            names = "--pauses",
            description = "Instead: how long a worker under full load stands still, beside a C loop on the same core.")
    private boolean pauses;

    @Option(
            names = "--gc",
            paramLabel = "GC",
            split = ",",
            description = "With --pauses: under these of ${COMPLETION-CANDIDATES} (SERIAL).")
    private List<Collector> collectors = List.of(Collector.SERIAL);

    @Option(
            names = "--warm-up",
            description =
                    "Instead: how long a new process takes to forward, and to be fast, with the AOT cache and without.")
    private boolean warmUp;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "60",
            description = "With --attack, --sweep, and each row of --pauses: how long (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--scale",
            description = "Instead: several workers over one table of connections beside one worker, --flows and all.")
    private boolean scale;

    @Option(
            names = "--workers",
            paramLabel = "N",
            split = ",",
            description =
                    "With --scale: these numbers of workers, each on a core of its own (as many as there are cores).")
    private List<Integer> workers = List.of(Math.max(2, Runtime.getRuntime().availableProcessors()));

    @Option(
            names = "--core",
            paramLabel = "N",
            description = "The core that is measured on; the last one where nothing is said.")
    private int core = Runtime.getRuntime().availableProcessors() - 1;

    /** Runs and exits with 0, 1 if it failed, or 2 for wrong arguments. The property {@code towpath.bench} names the module's folder. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new CoreBench())
                .setExecutionExceptionHandler((e, command, result) -> {
                    command.getErr().println("towpath bench core: " + e.getMessage());
                    return 1;
                })
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Path.of(System.getProperty("towpath.bench"));
        if (flows != null && flows.stream().anyMatch(count -> count < 1)) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--flows must be 1 or more: " + flows);
        }
        if (scale) {
            scale();
            return 0;
        }
        if (sweep) {
            CoreSweep.run(core, flows == null ? MANY_FLOWS : flows.getFirst(), seconds);
            return 0;
        }
        if (warmUp) {
            warmUp(folder.resolveSibling("dataplane/target"));
            return 0;
        }
        if (servicesMemory) {
            return ServicesMemory.run(workers.getFirst()) ? 0 : 1;
        }
        Peers peers = Peers.build(folder.resolve("peers/core"), folder.resolve("target/peers"), core);
        if (attack) {
            return CoreAttack.run(peers, seconds) ? 0 : 1;
        }
        if (pauses) {
            pauses(peers);
            return 0;
        }
        return compare(peers) ? 0 : 1;
    }

    private int rounds() {
        return rounds > 0 ? rounds : quick ? QUICK_ROUNDS : ROUNDS;
    }

    private void scale() throws IOException {
        int cores = Runtime.getRuntime().availableProcessors();
        if (workers.stream().anyMatch(count -> count < 1 || count > cores)) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--workers must be 1 to " + cores + ", as there are so many cores: " + workers);
        }
        Machine machine = Machine.now();
        List<ScaleRow> rows = CoreScale.run(flows == null ? SCALE_FLOWS : flows, workers, rounds(), CoreBench::say);
        ScaleReport report = new ScaleReport(rows, machine.withLoadAfter());
        report.lines().forEach(System.out::println);
        if (json != null) {
            Files.writeString(json, report.json());
        }
    }

    private void pauses(Peers peers) throws IOException {
        Machine machine = Machine.now();
        List<PauseRow> rows = CorePauses.run(peers, collectors, seconds, CoreBench::say);
        PauseReport report = new PauseReport(rows, machine.withLoadAfter());
        report.lines().forEach(System.out::println);
        if (json != null) {
            Files.writeString(json, report.json());
        }
    }

    private void warmUp(Path target) throws IOException {
        Machine machine = Machine.now();
        List<WarmUpRow> rows = CoreWarmUp.run(target, core, rounds(), CoreBench::say);
        WarmUpReport report = new WarmUpReport(rows, machine.withLoadAfter());
        report.lines().forEach(System.out::println);
        if (json != null) {
            Files.writeString(json, report.json());
        }
    }

    /** Returns whether Towpath itself was measured everywhere. */
    private boolean compare(Peers peers) throws IOException {
        Machine machine = Machine.now();
        CoreRun run = new CoreRun(peers, contenders(peers), rounds(), CoreBench::say);
        List<Comparison> comparisons = new ArrayList<>();
        List<Integer> counts = flows == null ? counts() : flows;
        for (CorePath path : paths) {
            for (int count : counts) {
                comparisons.add(run.measure(path, count));
                say(comparisons.getLast().toString());
            }
        }
        CoreReport report = new CoreReport(comparisons, machine.withLoadAfter());
        report.lines().forEach(System.out::println);
        if (json != null) {
            Files.writeString(json, report.json());
        }
        return comparisons.stream().allMatch(comparison -> comparison.ns(Contender.TOWPATH) != null);
    }

    private List<Contender> contenders(Peers peers) {
        List<Contender> present = new ArrayList<>();
        for (Contender contender : Contender.values()) {
            String absence = peers.absence(contender);
            if (absence != null) {
                say(contender.label + " is left out: " + absence);
            } else if (contender != Contender.TOWPATH_PINNED || pinned) {
                present.add(contender);
            }
        }
        return present;
    }

    private List<Integer> counts() throws IOException {
        List<Integer> counts = new ArrayList<>(FLOWS);
        if (!quick) {
            long needed = MANY_FLOWS_BYTES + (pinned ? MANY_FLOWS_PINNED_BYTES : 0);
            if (Machine.availableBytes() >= needed) {
                counts.add(MANY_FLOWS);
            } else {
                say("10,000,000 flows are left out: they need " + (needed >> 30) + " GiB of free memory");
            }
        }
        return counts;
    }

    private static void say(String text) {
        System.err.println("towpath bench core: " + text);
    }
}

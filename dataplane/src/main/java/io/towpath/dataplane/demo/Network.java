package io.towpath.dataplane.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The namespaces of one run: {@code towpath-<id>-client} and {@code towpath-<id>-backend1..3}, where the id begins with
 * the process id, so that a later run can tell and remove what a killed one left behind.
 */
public final class Network {
    private static final Path NAMED = Path.of("/run/netns");
    private static final Pattern NAME = Pattern.compile("towpath-((\\d+)(?:x\\d+)?)-(?:client|backend\\d)");
    /** Bits of CapEff in /proc/self/status; linux/capability.h. */
    private static final long NEEDED_CAPABILITIES = 1L << 12 /* NET_ADMIN */ | 1L << 21 /* SYS_ADMIN */;

    private final String id;
    private final Namespace client;
    private final List<Namespace> backends;

    private Network(String id) {
        this.id = id;
        client = new Namespace("towpath-" + id + "-client");
        List<Namespace> all = new ArrayList<>();
        for (int number = 1; number <= Plan.BACKENDS; number++) {
            all.add(new Namespace("towpath-" + id + "-backend" + number));
        }
        backends = List.copyOf(all);
    }

    /** Whether this process may make namespaces and devices. */
    public static boolean isAllowed() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("CapEff:")) {
                    long effective = Long.parseUnsignedLong(line.substring(7).strip(), 16);

                    return (effective & NEEDED_CAPABILITIES) == NEEDED_CAPABILITIES;
                }
            }
        } catch (IOException e) {
            return false;
        }

        return false;
    }

    /** Makes the namespaces; {@code cleanup} removes them. */
    public static Network create(String id, Cleanup cleanup) throws Exception {
        Network network = new Network(id);
        for (Namespace namespace : network.namespaces()) {
            make(namespace, cleanup);
        }

        return network;
    }

    /** Makes a namespace; {@code cleanup} removes it, and ends what this process started in there. */
    public static void make(Namespace namespace, Cleanup cleanup) throws Exception {
        cleanup.acquire(() -> add(namespace), () -> delete(namespace.name()));
    }

    public String id() {
        return id;
    }

    public Namespace client() {
        return client;
    }

    /** A backend's namespace; numbers start at 1. */
    public Namespace backend(int number) {
        return backends.get(number - 1);
    }

    public List<Namespace> namespaces() {
        List<Namespace> all = new ArrayList<>(backends);
        all.addFirst(client);

        return all;
    }

    /**
     * Removes the namespaces of runs whose process is gone. Ends nobody's processes: where some are left, it leaves the namespace to them and
     * says so.
     */
    public static void sweep(Consumer<String> say) throws IOException, InterruptedException {
        for (String name : namesIn(NAMED)) {
            Optional<String> dead = deadOwner(name);
            if (dead.isEmpty()) {
                continue;
            }
            String pids = pidsOf(name, dead.get());
            if (pids.isEmpty()) {
                Programs.require("ip", "netns", "delete", name);
                DemoConfig.deleteFolders(dead.get());
            } else {
                say.accept(
                        "an ended demo left namespace %s in use: end its processes (kill %s), then: ip netns delete %s"
                                .formatted(name, pids, name));
            }
        }
    }

    /** The processes in a namespace, and the engine that serves it, as text. */
    private static String pidsOf(String name, String id) throws IOException, InterruptedException {
        Stream<String> inside =
                Stream.of(Programs.require("ip", "netns", "pids", name).split("\\s+"));
        Path pidFile = DemoConfig.maps(id).resolve("pid");
        Stream<String> engine =
                Files.exists(pidFile) ? Stream.of(Files.readString(pidFile).strip()) : Stream.of();

        return Stream.concat(inside, engine.filter(pid -> ProcessHandle.of(Long.parseLong(pid))
                        .isPresent()))
                .filter(pid -> !pid.isEmpty())
                .collect(Collectors.joining(" "));
    }

    /** The id of the run that made this namespace, if it is one of ours and its process is gone. */
    static Optional<String> deadOwner(String name) {
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()
                || ProcessHandle.of(Long.parseLong(matcher.group(2))).isPresent()) {
            return Optional.empty();
        }

        return Optional.of(matcher.group(1));
    }

    private static List<String> namesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    private static Void add(Namespace namespace) throws Exception {
        try {
            Programs.require("ip", "netns", "add", namespace.name());
        } catch (IOException e) {
            throw new DemoException("cannot make network namespaces: " + e.getMessage(), e);
        }
        Programs.require("ip", "-n", namespace.name(), "link", "set", "lo", "up");
        // Duplicate address detection would keep IPv6 addresses unusable for the first second or two.
        namespace.call(() -> {
            for (String scope : List.of("all", "default")) {
                Path file = Path.of("/proc/sys/net/ipv6/conf", scope, "accept_dad");
                if (Files.exists(file)) {
                    Files.writeString(file, "0");
                }
            }
            return null;
        });

        return null;
    }

    private static void delete(String name) throws IOException, InterruptedException {
        if (Files.exists(NAMED.resolve(name))) {
            killIn(name);
            Programs.require("ip", "netns", "delete", name);
        }
    }

    /** Ends the programs that this process started in a namespace; a user's own shell there goes on. */
    private static void killIn(String name) throws IOException, InterruptedException {
        List<String> inside =
                List.of(Programs.require("ip", "netns", "pids", name).split("\\s+"));
        ProcessHandle.current()
                .descendants()
                .filter(process -> inside.contains(String.valueOf(process.pid())))
                .forEach(Network::kill);
    }

    private static void kill(ProcessHandle process) {
        if (process.destroyForcibly()) {
            process.onExit()
                    .orTimeout(2, TimeUnit.SECONDS)
                    .exceptionally(e -> null)
                    .join();
        }
    }
}

package io.towpath.dataplane.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
            cleanup.acquire(() -> add(namespace), () -> delete(namespace.name()));
        }

        return network;
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

    /** Removes what runs that are dead by now left behind: processes, namespaces and with them devices. */
    public static void sweep() throws IOException, InterruptedException {
        for (String name : namesIn(NAMED)) {
            Optional<String> dead = deadOwner(name);
            if (dead.isPresent()) {
                killIn(name);
                killEngine(dead.get());
                delete(name);
                EngineConfig.deleteFolders(dead.get());
            }
        }
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
            Programs.require("ip", "netns", "delete", name);
        }
    }

    private static void killIn(String name) throws IOException, InterruptedException {
        for (String pid : Programs.require("ip", "netns", "pids", name).split("\\s+")) {
            if (!pid.isEmpty()) {
                kill(ProcessHandle.of(Long.parseLong(pid)));
            }
        }
    }

    private static void killEngine(String id) {
        String config = EngineConfig.folder(id).toString();
        ProcessHandle.allProcesses()
                .filter(process -> process.info().arguments().stream()
                        .flatMap(Stream::of)
                        .anyMatch(argument -> argument.startsWith(config + "/")))
                .forEach(process -> kill(Optional.of(process)));
    }

    private static void kill(Optional<ProcessHandle> process) {
        if (process.isPresent() && process.get().destroyForcibly()) {
            process.get()
                    .onExit()
                    .orTimeout(2, TimeUnit.SECONDS)
                    .exceptionally(e -> null)
                    .join();
        }
    }
}

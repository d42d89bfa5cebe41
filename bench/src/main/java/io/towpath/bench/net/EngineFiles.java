package io.towpath.bench.net;

import io.towpath.dataplane.engine.EngineConfig;
import io.towpath.dataplane.model.ManifestException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The files of one engine of a run. */
final class EngineFiles {
    private static final String FALLBACK = "ports: read and write, as there is no";

    private EngineFiles() {}

    static String instance(BenchNetwork network, Way way) {
        return "net-" + network.id() + "-" + way.label;
    }

    static Path folder(BenchNetwork network, Way way) {
        return Path.of(System.getProperty("java.io.tmpdir"), "towpath-" + network.id() + "-net-" + way.label);
    }

    /** Writes the configuration into the folder, which is there. */
    static Path writeConfig(BenchNetwork network, Way way) throws IOException {
        return Files.writeString(folder(network, way).resolve("config.yaml"), config(network, way));
    }

    private static String config(BenchNetwork network, Way way) {
        return "instance: " + instance(network, way) + "\nclusterCIDR: \"" + Way.SERVER_CIDR + "\"\nports:\n"
                + port(network, way, true) + port(network, way, false);
    }

    private static String port(BenchNetwork network, Way way, boolean isClient) {
        return """
                  - name: %1$s
                    tap: t%2$s%3$d%4$s
                    netns: %5$s
                    rename: %6$s
                    addresses: [%7$s/24]
                    io: %8$s
                    udpMerging: %9$s
                """.formatted(
                        isClient ? "client" : "server",
                        isClient ? "c" : "s",
                        way.ordinal(),
                        network.id(),
                        (isClient ? network.client() : network.server()).name(),
                        way.device(),
                        isClient ? way.clientGateway() : way.serverGateway(),
                        way.io(),
                        way != Way.UNMERGED);
    }

    /** Returns why an engine cannot be asked for, null if it can. */
    static String refusal(BenchNetwork network, Way way) throws IOException {
        return refusal(config(network, way));
    }

    private static String refusal(String config) throws IOException {
        Path file = Files.createTempFile("towpath-net", ".yaml");
        try {
            EngineConfig.read(Files.writeString(file, config));
            return null;
        } catch (ManifestException e) {
            return e.problems().getFirst().replace(file + ":", "").strip();
        } finally {
            Files.delete(file);
        }
    }

    /** Returns the line of an engine's log that says that it does not use what it was asked for. */
    static Optional<String> fallback(Way way, List<String> log) {
        return way == Way.RW
                ? Optional.empty()
                : log.stream().filter(line -> line.contains(FALLBACK)).findFirst();
    }
}

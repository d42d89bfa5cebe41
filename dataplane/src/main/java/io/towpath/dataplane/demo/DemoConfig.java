package io.towpath.dataplane.demo;

import io.towpath.dataplane.engine.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Writes the engine's configuration for a {@link Network}, and knows where a run keeps its files. */
public final class DemoConfig {
    private static final int GUEST_MTU_BYTES = 1500;

    private DemoConfig() {}

    /** The engine's instance name. */
    public static String instance(String id) {
        return "demo-" + id;
    }

    /** Where a run keeps its configuration and the engine's log. */
    public static Path folder(String id) {
        return Path.of(System.getProperty("java.io.tmpdir"), "towpath-" + id);
    }

    /** Where the run's engine pins its maps. */
    static Path maps(String id) {
        return Engine.INSTANCES.resolve(instance(id));
    }

    /** Makes the run's folder. */
    public static Path createFolder(String id) throws IOException {
        return Files.createDirectories(folder(id));
    }

    /** Removes the run's folder and the maps that its engine pinned. */
    public static void deleteFolders(String id) throws IOException {
        delete(folder(id));
        delete(maps(id));
    }

    /** Writes {@code config.yaml} into the run's folder. */
    public static Path write(Network network) throws IOException {
        Path file = folder(network.id()).resolve("config.yaml");
        Files.writeString(file, text(network));

        return file;
    }

    /** The configuration: one port for each namespace, named client, backend1 to backend3. */
    static String text(Network network) {
        StringBuilder yaml = new StringBuilder();
        yaml.append("instance: ").append(instance(network.id())).append('\n');
        yaml.append("workers: 1\n");
        yaml.append("nodeAddresses: ")
                .append(list(List.of(Plan.NODE_V4, Plan.NODE_V6)))
                .append('\n');
        yaml.append("clusterCIDR: \"").append(Plan.CLUSTER_CIDR).append("\"\n");
        yaml.append("ports:\n");
        List<Namespace> namespaces = network.namespaces();
        for (int number = 0; number < namespaces.size(); number++) {
            yaml.append(port(network.id(), number, namespaces.get(number)));
        }

        return yaml.toString();
    }

    /** A port's name. */
    public static String portName(int number) {
        return number == 0 ? "client" : "backend" + number;
    }

    private static String port(String id, int number, Namespace namespace) {
        return """
                  - name: %s
                    tap: tp%sn%d
                    netns: %s
                    rename: eth0
                    mac: "02:00:00:00:77:%02x"
                    addresses: %s
                    guest:
                      addresses: %s
                      mtu: %d
                """.formatted(
                        portName(number),
                        id,
                        number,
                        namespace.name(),
                        number,
                        list(Plan.gateway(number)),
                        list(Plan.guest(number)),
                        GUEST_MTU_BYTES);
    }

    private static String list(List<String> texts) {
        return texts.stream().map(text -> '"' + text + '"').collect(Collectors.joining(", ", "[", "]"));
    }

    /** Removes a folder with all that is in it. */
    public static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException e) {
            // It was never made, or is gone already.
        }
    }
}

package io.towpath.dataplane.engine;

import io.prometheus.metrics.model.snapshots.Labels;
import io.towpath.dataplane.metrics.MetricSource;
import io.towpath.dataplane.metrics.Scrape;
import io.towpath.linux.LinuxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the kernel dropped at the ports' devices: frames for the engine that no queue had room for, and frames of the engine that the stack
 * did not take. A device that is gone has no numbers. Scraping thread.
 */
final class DeviceMetrics implements MetricSource {
    private static final Path DEVICES = Path.of("/proc/thread-self/net/dev");
    // Columns behind the name (net/core/net-procfs.c); the kernel receives what the engine sends.
    private static final int RECEIVE_DROPPED = 3;
    private static final int TRANSMIT_DROPPED = 11;

    private final List<String> ports;
    private final List<TapDevice> devices;

    /** @param devices of the ports, in their order */
    DeviceMetrics(List<String> ports, List<TapDevice> devices) {
        this.ports = List.copyOf(ports);
        this.devices = List.copyOf(devices);
    }

    @Override
    public void collect(Scrape scrape) {
        List<Scrape.Value> dropped = new ArrayList<>();
        for (int port = 0; port < ports.size(); port++) {
            String[] columns = columns(devices.get(port));
            if (columns.length > TRANSMIT_DROPPED) {
                dropped.add(value(port, "to-engine", columns[TRANSMIT_DROPPED]));
                dropped.add(value(port, "from-engine", columns[RECEIVE_DROPPED]));
            }
        }
        scrape.counters(
                "towpath_port_kernel_dropped_frames_total",
                "Frames that the kernel dropped at a port's device",
                dropped);
    }

    private Scrape.Value value(int port, String direction, String count) {
        return new Scrape.Value(Labels.of("port", ports.get(port), "direction", direction), Long.parseLong(count));
    }

    private static String[] columns(TapDevice device) {
        try {
            String prefix = device.name() + ":";
            return device.inNamespace(DeviceMetrics::lines).stream()
                    .map(String::strip)
                    .filter(line -> line.startsWith(prefix))
                    .map(line -> line.substring(prefix.length()).strip().split("\\s+"))
                    .findFirst()
                    .orElse(new String[0]);
        } catch (LinuxException | UncheckedIOException e) {
            return new String[0]; // its namespace is gone
        }
    }

    private static List<String> lines() {
        try {
            return Files.readAllLines(DEVICES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package io.towpath.dataplane.engine;

import io.towpath.dataplane.engine.EngineConfig.PortConfig;
import io.towpath.linux.IpCommand;
import io.towpath.linux.LinuxException;
import io.towpath.linux.Netns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Where a port's device is once it is set up.
 *
 * @param netns namespace, null for the engine's own
 */
record TapDevice(String netns, String name) {
    private static final String OWN_NAMESPACE = "-";

    static TapDevice of(PortConfig port) {
        return new TapDevice(
                port.netns().isEmpty() ? null : port.netns(), port.rename().isEmpty() ? port.tap() : port.rename());
    }

    /** Reads {@link #toString}'s text; nothing where it is another one. */
    static Optional<TapDevice> parse(String text) {
        String[] words = text.split(" ", -1);
        return words.length != 2
                ? Optional.empty()
                : Optional.of(new TapDevice(words[0].equals(OWN_NAMESPACE) ? null : words[0], words[1]));
    }

    @Override
    public String toString() {
        return (netns == null ? OWN_NAMESPACE : netns) + " " + name;
    }

    boolean exists() {
        if (netns != null && !Files.exists(Path.of("/run/netns", netns))) {
            return false;
        }
        return inNamespace(() -> {
            try {
                return Files.readAllLines(Path.of("/proc/thread-self/net/dev")).stream()
                        .anyMatch(line -> line.strip().startsWith(name + ":"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Removes the device, if it is a TAP: somebody may have given its name to another one since it was made. */
    void delete() {
        if (!IpCommand.in(netns, "-d link show dev " + name).contains("tun type tap")) {
            throw new LinuxException("device " + name + " is no TAP device: choose another name, or remove it");
        }
        IpCommand.in(netns, "link delete dev " + name);
    }

    <T> T inNamespace(Supplier<T> action) {
        if (netns == null) {
            return action.get();
        }
        try (var _ = Netns.enter(netns)) {
            return action.get();
        }
    }
}

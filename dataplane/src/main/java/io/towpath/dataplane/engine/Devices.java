package io.towpath.dataplane.engine;

import io.towpath.dataplane.engine.EngineConfig.PortConfig;
import io.towpath.linux.Errno;
import io.towpath.linux.LinuxException;
import io.towpath.linux.Tap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The TAP devices of an instance. Those that it made outlive its process (TUNSETPERSIST) with their addresses and routes, so that the next
 * process only attaches to them; their names stand in the file {@code devices} of the instance's directory. A device that was there before
 * is its user's, and left as it was. Node mode's device goes with its process.
 */
final class Devices {
    private static final String FILE = "devices";
    /** A process that was killed may hold its devices for a moment longer than its lock. */
    private static final int ATTACH_ATTEMPTS = 500;

    private static final long ATTACH_WAIT_NS = 2_000_000;

    private final Path file;
    private final Consumer<String> log;
    /** Made by an earlier process, and not attached to yet. */
    private final Set<TapDevice> left = new LinkedHashSet<>();

    private final List<Tap> taps = new ArrayList<>();
    /** Opens each port's device again. */
    private final List<Supplier<Tap>> reopenings = new ArrayList<>();

    private final List<TapDevice> locations = new ArrayList<>();
    private final Map<TapDevice, Tap> ours = new LinkedHashMap<>();

    /** @param takesOver whether the directory is what an earlier process left */
    Devices(Path directory, boolean takesOver, Consumer<String> log) throws IOException {
        this.file = directory.resolve(FILE);
        this.log = log;
        if (takesOver && Files.exists(file)) {
            Files.readAllLines(file).forEach(line -> TapDevice.parse(line).ifPresent(left::add));
        }
    }

    /** Returns the ports' devices, in their order. */
    List<Tap> taps() {
        return taps;
    }

    /** Returns where they are. */
    List<TapDevice> locations() {
        return List.copyOf(locations);
    }

    /** Makes the port's device, or attaches to it. */
    void open(PortConfig port, int queues) {
        TapDevice device = TapDevice.of(port);
        locations.add(device);
        reopenings.add(() -> reopen(port, queues));
        if (left.contains(device) && device.exists()) {
            Tap tap = attach(port, queues);
            if (tap != null) {
                left.remove(device);
                ours.put(device, tap);
                taps.add(tap);
                return;
            }
        }
        boolean isUsers = new TapDevice(null, port.tap()).exists();
        Tap tap = TapSetup.open(port, queues);
        taps.add(tap);
        if (!isUsers) {
            ours.put(device, tap);
        }
    }

    /** Makes a device that goes with the process, however that ends. */
    void openForThisProcess(String name, int queues) {
        taps.add(whenFree(() -> Tap.open(name, queues)));
        reopenings.add(() -> Tap.open(name, queues));
        locations.add(new TapDevice(null, name));
    }

    /**
     * Opens the device of a port that is gone: ours are made anew, or attached to where somebody else made them; one that was its user's is
     * attached to when its user has made it anew. Control thread.
     *
     * @return null if it cannot be had yet, as there is no device or no namespace for it
     */
    Tap reopen(int port) {
        return reopenings.get(port).get();
    }

    /** Takes over what {@link #reopen} returned, with its lifetime. Returns the port's device before, which is the caller's to close. */
    Tap replace(int port, Tap fresh) {
        return taps.set(port, fresh);
    }

    private Tap reopen(PortConfig port, int queues) {
        if (!port.netns().isEmpty() && !Files.exists(Path.of("/run/netns", port.netns()))) {
            return null;
        }
        TapDevice device = TapDevice.of(port);
        if (!ours.containsKey(device)) {
            return new TapDevice(null, port.tap()).exists() ? TapSetup.open(port, queues) : null;
        }
        Tap tap = device.exists() ? TapSetup.attach(port, queues) : TapSetup.open(port, queues);
        ours.put(device, persistent(tap));
        return tap;
    }

    /** Lets a device outlive the process. One that is gone again is closed: nobody else has it yet. */
    static Tap persistent(Tap tap) {
        try {
            tap.persist(true);
            return tap;
        } catch (LinuxException e) {
            tap.close();
            throw e;
        }
    }

    /** Returns null if the device is gone now, as it has not the queues that it must have. */
    private Tap attach(PortConfig port, int queues) {
        try {
            return whenFree(() -> TapSetup.attach(port, queues));
        } catch (LinuxException e) {
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
            log.accept("device " + TapDevice.of(port).name() + " of the last run has other queues: it is made anew");
            TapDevice.of(port).delete();
            return null;
        }
    }

    private static Tap whenFree(Supplier<Tap> opening) {
        for (int attempt = 1; ; attempt++) {
            try {
                return opening.get();
            } catch (LinuxException e) {
                if (e.errno() != Errno.EBUSY || attempt == ATTACH_ATTEMPTS) {
                    throw e;
                }
                LockSupport.parkNanos(ATTACH_WAIT_NS);
            }
        }
    }

    /** Once all ports are open: removes devices of the last run that no port has, and lets ours outlive the process. */
    void persist() throws IOException {
        for (TapDevice device : left) {
            if (!ours.containsKey(device) && device.exists()) {
                log.accept("removing device " + device + " of the last run: no port has it any more");
                device.delete();
            }
        }
        left.clear();
        Files.write(file, ours.keySet().stream().map(TapDevice::toString).toList());
        ours.values().forEach(tap -> tap.persist(true));
    }

    private static void letGo(Tap tap) {
        try {
            tap.persist(false);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EBADFD) { // somebody deleted the device
                throw e;
            }
        }
    }

    /** @param keep whether our devices stay for the next process */
    void close(boolean keep) {
        if (!keep) {
            ours.values().forEach(Devices::letGo);
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        taps.forEach(Tap::close);
        taps.clear();
        ours.clear();
    }
}

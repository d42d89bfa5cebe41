package io.towpath.dataplane.engine;

import io.towpath.dataplane.port.DevicePort;
import io.towpath.dataplane.port.LinkState;
import io.towpath.linux.Fd;
import io.towpath.linux.LinuxException;
import io.towpath.linux.Tap;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * Says when a port's device goes down, away, or comes back, a line each, and has one that is gone made anew or attached to again as soon as
 * that can be. Control thread, once the engine is assembled.
 */
final class PortWatch {
    private static final long INTERVAL_NS = 250_000_000;
    private static final long RETRY_NS = 1_000_000_000;

    private final Devices devices;
    private final List<Watched> watched = new ArrayList<>();
    private final List<Queue<Runnable>> queues = new ArrayList<>();
    private final IntConsumer onDevice;
    private final Consumer<String> log;
    private long lookedAtNs = System.nanoTime();

    private static final class Watched {
        private final int number;
        private final String name;
        /** The port in each worker. */
        private final List<DevicePort> ports = new ArrayList<>();

        private LinkState said = LinkState.UP;
        private String failure = "";
        private long retryAtNs;
        /** The device that was made anew and the one before, until all workers have taken it over; else null. */
        private Tap fresh;

        private Tap old;

        Watched(int number, String name) {
            this.number = number;
            this.name = name;
        }

        LinkState state() {
            return ports.stream()
                    .map(DevicePort::link)
                    .max(LinkState::compareTo)
                    .orElse(LinkState.UP);
        }
    }

    /** @param onDevice called with a port's number when its device was made anew */
    PortWatch(Devices devices, List<String> names, IntConsumer onDevice, Consumer<String> log) {
        this.devices = devices;
        this.onDevice = onDevice;
        this.log = log;
        names.forEach(name -> watched.add(new Watched(watched.size(), name)));
    }

    /**
     * Adds a worker.
     *
     * @param ports all of them, in their order
     * @param commands of the worker
     */
    void add(List<? extends DevicePort> ports, Queue<Runnable> commands) {
        queues.add(commands);
        for (int i = 0; i < ports.size(); i++) {
            watched.get(i).ports.add(ports.get(i));
        }
    }

    /** Returns how much it did. */
    int update(long nowNs) {
        if (nowNs - lookedAtNs < INTERVAL_NS) {
            return 0;
        }
        lookedAtNs = nowNs;
        int work = 0;
        for (Watched port : watched) {
            if (port.fresh != null) {
                handOver(port);
                work++;
            }
            LinkState state = port.state();
            if (state != port.said && port.fresh == null) {
                port.said = state;
                port.failure = "";
                log.accept("port " + port.name + ": " + text(state));
            }
            if (state == LinkState.GONE && port.fresh == null && nowNs - port.retryAtNs >= 0) {
                port.retryAtNs = nowNs + RETRY_NS;
                reopen(port);
            }
        }
        return work;
    }

    private static String text(LinkState state) {
        return switch (state) {
            case UP -> "its device is back";
            case DOWN -> "its device is down; frames to it are dropped until it is up";
            case GONE -> "its device is gone; frames to it are dropped until there is one again";
        };
    }

    private void reopen(Watched port) {
        try {
            Tap fresh = devices.reopen(port.number);
            if (fresh != null) {
                port.old = devices.replace(port.number, fresh);
                port.fresh = fresh;
                onDevice.accept(port.number);
            }
        } catch (LinuxException e) {
            if (!port.failure.equals(e.getMessage())) {
                port.failure = e.getMessage();
                log.accept("port " + port.name + ": its device cannot be had again yet: " + port.failure);
            }
        }
    }

    private void handOver(Watched port) {
        boolean isTaken = true;
        for (int worker = 0; worker < queues.size(); worker++) {
            DevicePort workersPort = port.ports.get(worker);
            Fd queue = port.fresh.queue(worker);
            if (workersPort.queue() != queue) {
                isTaken = false;
                boolean _ = queues.get(worker).offer(() -> workersPort.replace(queue)); // else at the next look
            }
        }
        if (isTaken) {
            port.old.close();
            port.old = null;
            port.fresh = null;
        }
    }
}

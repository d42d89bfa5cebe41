package io.towpath.dataplane.engine;

import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.IoEngine;
import io.towpath.dataplane.port.NettyTapPort;
import io.towpath.dataplane.port.PollIo;
import io.towpath.dataplane.port.Port;
import io.towpath.dataplane.port.PortIo;
import io.towpath.dataplane.port.RingIo;
import io.towpath.dataplane.port.TapPort;
import io.towpath.dataplane.port.UdpMerger;
import io.towpath.linux.EventFd;
import io.towpath.linux.Fd;
import io.towpath.linux.LinuxException;
import io.towpath.packet.Burst;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;

/** Gives each worker its ports, by io_uring where that is wanted and there, else by read and write. Says once which. One thread. */
final class PortOpener {
    private final List<String> names;
    private final List<IoEngine> engines;
    private final BitSet merging;
    private final List<String> refusals;
    private final Consumer<String> log;
    private boolean isSaid;

    /** One worker's, in the order of the names. */
    record Opened(List<Port> ports, PortIo io) {}

    /**
     * @param engines of the ports, in the order of their names
     * @param merging numbers of those whose UDP datagrams leave in super-frames
     * @param refusals why there are no event loops, where those were wanted
     */
    PortOpener(
            List<String> names, List<IoEngine> engines, BitSet merging, List<String> refusals, Consumer<String> log) {
        this.names = names;
        this.engines = engines;
        this.merging = merging;
        this.refusals = refusals;
        this.log = log;
    }

    /**
     * Returns the ports whose UDP datagrams leave in super-frames, by number. Says which would, if their device took such.
     *
     * @param wanted by port
     * @param taken by port: whether its device takes them
     */
    static BitSet merging(List<String> names, List<Boolean> wanted, List<Boolean> taken, Consumer<String> log) {
        BitSet merging = new BitSet();
        List<String> refused = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            if (wanted.get(i) && taken.get(i)) {
                merging.set(i);
            } else if (wanted.get(i)) {
                refused.add(names.get(i));
            }
        }
        if (!refused.isEmpty()) {
            log.accept(
                    "ports " + refused + ": each UDP datagram leaves by itself, as the kernel takes no super-frames of"
                            + " them (Linux 6.2 does)");
        }
        return merging;
    }

    /** Makes the buffers of one worker. */
    FramePool pool() {
        return new FramePool(4 * Burst.LIMIT + (wantsRing() ? RingIo.PROVIDED_BUFFERS : 0));
    }

    /** As {@link #pool}, for ports on an event loop. */
    FramePool loopPool() {
        return new FramePool(4 * Burst.LIMIT + NettyTapPort.BUFFERS * names.size());
    }

    private boolean wantsRing() {
        return engines.stream().anyMatch(PortOpener::isOnRing);
    }

    private static boolean isOnRing(IoEngine engine) {
        return engine != IoEngine.RW;
    }

    /**
     * Makes the ports of one worker.
     *
     * @param queues its queue of each port's device
     * @param wakeUp ends its waits
     */
    Opened open(List<Fd> queues, FramePool pool, EventFd wakeUp) {
        return merged(openPorts(queues, pool, wakeUp), pool);
    }

    private Opened merged(Opened opened, FramePool pool) {
        UdpMerger merger = new UdpMerger(pool);
        merging.stream().forEach(port -> opened.ports().get(port).mergeUdp(merger));
        return opened;
    }

    private Opened openPorts(List<Fd> queues, FramePool pool, EventFd wakeUp) {
        if (!wantsRing()) {
            say("ports: read and write, as configured");
            return polled(queues, pool, wakeUp);
        }
        try {
            Opened opened = onRing(queues, pool, wakeUp);
            List<String> others = names.stream()
                    .filter(name -> !isOnRing(engines.get(names.indexOf(name))))
                    .toList();
            say("ports: io_uring"
                    + (refusals.isEmpty() ? "" : ", but not Netty's: " + refusals.getFirst())
                    + (others.isEmpty() ? "" : "; by read and write, as configured: " + others));
            return opened;
        } catch (LinuxException e) {
            say("ports: read and write, as there is no io_uring for them: " + e.getMessage());
            return polled(queues, pool, wakeUp);
        }
    }

    /** Makes the ports of one worker on an event loop. */
    Opened onLoop(List<Fd> queues, FramePool pool, EventLoopWorker worker) {
        List<NettyTapPort> ports = new ArrayList<>();
        for (Fd queue : queues) {
            ports.add(new NettyTapPort(ports.size(), names.get(ports.size()), queue, pool, worker::wake));
        }
        say("ports: io_uring of Netty's event loops");
        return merged(new Opened(List.copyOf(ports), worker.use(ports)), pool);
    }

    private void say(String line) {
        if (!isSaid) {
            isSaid = true;
            log.accept(line);
        }
    }

    private Opened polled(List<Fd> queues, FramePool pool, EventFd wakeUp) {
        List<TapPort> ports = new ArrayList<>();
        for (Fd queue : queues) {
            ports.add(new TapPort(ports.size(), names.get(ports.size()), queue, pool.frames()));
        }
        return new Opened(List.copyOf(ports), new PollIo(ports, wakeUp));
    }

    private Opened onRing(List<Fd> queues, FramePool pool, EventFd wakeUp) {
        RingIo io = new RingIo(pool, wakeUp, names.size());
        try {
            List<Port> ports = new ArrayList<>();
            for (Fd queue : queues) {
                int index = ports.size();
                if (isOnRing(engines.get(index))) {
                    ports.add(io.port(index, names.get(index), queue));
                } else {
                    TapPort port = new TapPort(index, names.get(index), queue, pool.frames());
                    io.add(port);
                    ports.add(port);
                }
            }
            return new Opened(List.copyOf(ports), io);
        } catch (LinuxException e) {
            io.close();
            throw e;
        }
    }
}

package io.towpath.dataplane.port;

import io.towpath.linux.EventFd;
import io.towpath.linux.Tap;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import io.towpath.wire.Ethernet;
import io.towpath.wire.VnetHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** A worker's ports without a pipeline. One thread, that of a test. */
final class PortRig implements AutoCloseable {
    private static final int OWN = 256;
    private static final int ATTEMPTS = 1_000;

    final FramePool pool = new FramePool(OWN + RingIo.PROVIDED_BUFFERS);
    final List<Port> ports = new ArrayList<>();
    final EventFd wakeUp = new EventFd();
    final PortIo io;
    final Map<Reason, Integer> outcomes = new EnumMap<>(Reason.class);
    private final Burst burst = new Burst(pool.frames());
    private final boolean isRing;

    PortRig(IoEngine engine, Tap... taps) {
        isRing = engine == IoEngine.URING;
        if (isRing) {
            RingIo ring = new RingIo(pool, wakeUp, taps.length);
            for (Tap tap : taps) {
                ports.add(ring.port(ports.size(), tap.name(), tap.queue(0)));
            }
            io = ring;
        } else {
            List<TapPort> polled = new ArrayList<>();
            for (Tap tap : taps) {
                polled.add(new TapPort(polled.size(), tap.name(), tap.queue(0), pool.frames()));
            }
            ports.addAll(polled);
            io = new PollIo(polled, wakeUp);
        }
        io.start();
    }

    DevicePort device(int port) {
        return (DevicePort) ports.get(port);
    }

    /** Sends frames of 1,000 bytes to nobody. Returns what became of them. */
    Map<Reason, Integer> send(int port, int count) {
        for (int i = 0; i < count; i++) {
            int buffer = pool.take();
            long l2 = FramePool.l2(buffer);
            VnetHeader.clear(pool.frames(), l2);
            Ethernet.addresses(pool.frames(), l2, 0x0200_0000_0099L, 0x0200_0000_0001L);
            Ethernet.type(pool.frames(), l2, 0x88B5); // for experiments
            ports.get(port).enqueue(buffer, l2, 1_000, Reason.ROUTED);
        }
        return flush(port, count);
    }

    /** Sends frames that have a virtio-net header in front, all at once. Returns what became of the packets. */
    Map<Reason, Integer> send(int port, List<byte[]> frames) {
        for (byte[] frame : frames) {
            int buffer = pool.take();
            long start = FramePool.l2(buffer) - VnetHeader.LENGTH;
            MemorySegment.copy(frame, 0, pool.frames(), ValueLayout.JAVA_BYTE, start, frame.length);
            ports.get(port).enqueue(buffer, FramePool.l2(buffer), frame.length - VnetHeader.LENGTH, Reason.ROUTED);
        }
        return flush(port, frames.size());
    }

    private Map<Reason, Integer> flush(int port, int count) {
        outcomes.clear();
        ports.get(port).flush(this::done);
        for (int attempt = 0; attempt < ATTEMPTS && total() < count; attempt++) {
            io.submit(this::done); // refused writes may complete later
        }
        return Map.copyOf(outcomes);
    }

    private int total() {
        return outcomes.values().stream().mapToInt(n -> n).sum();
    }

    private void done(int buffer, int packets, int bytes, Reason reason) {
        outcomes.merge(reason, packets, Integer::sum);
        pool.give(buffer);
    }

    /** Takes the frames of a burst, and gives them up. Returns their lengths. */
    List<Integer> receive(int port) {
        io.submit(this::done);
        burst.clear();
        int count = ports.get(port).receive(pool, burst, Burst.LIMIT);
        List<Integer> lengths = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            lengths.add(burst.length(i));
            pool.give(burst.buffer(i));
        }
        return lengths;
    }

    boolean await(int timeoutMs) {
        return io.await(timeoutMs, this::done);
    }

    /** Returns the buffers that neither the pool nor the kernel has. */
    int missing() {
        io.submit(this::done);
        return OWN + (isRing ? 0 : RingIo.PROVIDED_BUFFERS) - pool.available();
    }

    @Override
    public void close() {
        io.stop();
        io.close();
        wakeUp.close();
        pool.close();
    }
}

package io.towpath.dataplane.port;

import io.towpath.linux.BufferRing;
import io.towpath.linux.CompletionQueue;
import io.towpath.linux.Errno;
import io.towpath.linux.EventFd;
import io.towpath.linux.Fd;
import io.towpath.linux.IoUring;
import io.towpath.linux.LinuxException;
import io.towpath.linux.SubmissionQueue;
import io.towpath.packet.Reason;
import io.towpath.wire.VnetHeader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One io_uring for all ports of a worker. A multishot read of each port fills buffers that the kernel picks from those provided; one
 * {@code io_uring_enter} a burst does all writes and takes what came.
 *
 * <p><b>When a buffer is free again.</b> A frame's buffer is in one place: provided to the kernel, received and waiting in its port, with the
 * pipeline, or in flight as a write. Its write's completion tells the outcome and gives it back, whatever became of the write, and nothing
 * else does: a refused write may complete long after its request was taken ({@code io_complete_rw}), so that the kernel's head says nothing.
 * Writes may not wait for room (RWF_NOWAIT), so that a device without any is a drop and holds nobody up.
 */
public final class RingIo implements PortIo {
    /** Buffers that the kernel may hold for all ports together: several bursts of small frames, so that it need not stop while one is worked on. */
    public static final int PROVIDED_BUFFERS = 256;

    private static final int REQUESTS = 256;
    /** All that may complete between two looks: every buffer, every write, the end of each read. */
    private static final int COMPLETIONS = 2048;
    /** Buffers that stay with the worker, for what it makes itself. */
    private static final int OWN_BUFFERS = 64;

    private static final int GROUP = 0;
    private static final long READ = 1L << 32;
    private static final long WRITE = 2L << 32;
    private static final long POLL = 3L << 32;
    private static final long CANCEL = 4L << 32;
    private static final int STOP_ATTEMPTS = 100;
    private static final long STOP_WAIT_NS = 10_000_000;

    private final FramePool pool;
    private final EventFd wakeUp;
    private final IoUring ring;
    private final SubmissionQueue requests;
    private final CompletionQueue completions;
    private final BufferRing buffers;
    private final long frames;
    private final UringTapPort[] ports;
    /** Descriptors to be polled before the worker blocks: those of ports that read on their own, and at last the one that wakes it. */
    private final List<TapPort> others = new ArrayList<>();

    private boolean[] isPolled = new boolean[1];
    // By buffer, of those in flight:
    private final UringTapPort[] writePort;
    private final int[] writePackets;
    private final int[] writeBytes;
    private final Reason[] writeReason;
    private int writes;
    private final ReceiveBudget budget = new ReceiveBudget(PROVIDED_BUFFERS);
    /** Buffers that the kernel has, or that wait filled in a port. */
    private int lent;
    /** Those of them that the kernel has. */
    private int provided;
    /** The port that is first to read on of those that buffers lacked for. */
    private int turn;

    private boolean isReady;
    private boolean isEnabled;

    /**
     * @param portCount ports of the worker
     * @throws LinuxException where the kernel has no such io_uring for us
     */
    public RingIo(FramePool pool, EventFd wakeUp, int portCount) {
        this.pool = pool;
        this.wakeUp = wakeUp;
        this.frames = pool.frames().address();
        this.ports = new UringTapPort[portCount];
        this.writePort = new UringTapPort[pool.capacity()];
        this.writePackets = new int[pool.capacity()];
        this.writeBytes = new int[pool.capacity()];
        this.writeReason = new Reason[pool.capacity()];
        this.ring = new IoUring(REQUESTS, COMPLETIONS);
        try {
            this.requests = ring.submissions();
            this.completions = ring.completions();
            int[] places = new int[portCount];
            Arrays.fill(places, -1);
            ring.registerFiles(places);
            this.buffers = ring.registerBuffers(PROVIDED_BUFFERS, GROUP);
        } catch (LinuxException e) {
            ring.close();
            throw e;
        }
    }

    /** Makes a port on this ring. Before {@link #start}. */
    public UringTapPort port(int index, String name, Fd queue) {
        int result = ring.updateFile(index, queue.number());
        if (result < 0) {
            throw new LinuxException("registering port " + name + " with io_uring", -result);
        }
        ports[index] = new UringTapPort(index, name, queue, this, PROVIDED_BUFFERS);
        return ports[index];
    }

    /** Waits for this port, too, which reads and writes on its own. Before {@link #start}. */
    public void add(TapPort port) {
        others.add(port);
        isPolled = new boolean[others.size() + 1];
    }

    @Override
    public void start() {
        int result = ring.enable();
        if (result < 0) {
            throw new LinuxException("starting an io_uring", -result);
        }
        isEnabled = true;
        refill();
        read(false);
    }

    /** Asks for a frame to be written. Returns false if the kernel takes no requests. */
    boolean write(UringTapPort port, SendQueue from, int i, Port.Outcome outcome) {
        if (requests.isFull()) {
            submit(outcome);
            if (requests.isFull()) {
                return false;
            }
        }
        int buffer = from.buffer(i);
        writePort[buffer] = port;
        writePackets[buffer] = from.packets(i);
        writeBytes[buffer] = from.bytes(i);
        writeReason[buffer] = from.reason(i);
        long start = frames + from.l2(i) - VnetHeader.LENGTH;
        requests.write(port.index(), start, from.length(i) + VnetHeader.LENGTH, WRITE | buffer);
        writes++;
        return true;
    }

    @Override
    public void submit(Port.Outcome outcome) {
        ring.enter(); // what it did not take stays, and is handed over again
        take(outcome);
    }

    private void take(Port.Outcome outcome) {
        if (completions.next()) {
            do {
                complete(outcome);
            } while (completions.next());
            completions.consumedRelease();
        }
        refill();
        read(false);
    }

    private void complete(Port.Outcome outcome) {
        long data = completions.userData();
        int number = (int) data;
        int result = completions.result();
        if (data - number == READ) {
            onRead(ports[number], result);
        } else if (data - number == WRITE) {
            writes--;
            Reason reason = writePort[number].onWritten(result, writePackets[number], writeReason[number]);
            outcome.done(number, writePackets[number], writeBytes[number], reason);
        } else if (data - number == POLL) {
            isPolled[number] = false;
            isReady = true;
            if (number == others.size()) {
                wakeUp.drain();
            }
        }
    }

    private void onRead(UringTapPort port, int result) {
        int buffer = completions.buffer();
        if (buffer >= 0) {
            provided--;
            if (result >= 0) {
                budget.received(result);
                port.arrived(buffer, result);
            } else {
                lent--;
                pool.give(buffer);
            }
        }
        if (!completions.hasMore()) {
            // Without an error, and where buffers or room for completions lacked, it is simply asked for again.
            boolean isGone = result < 0
                    && result != -Errno.ENOBUFS
                    && result != -Errno.EAGAIN
                    && result != -Errno.EINTR
                    && result != -Errno.ENOMEM;
            port.onReadEnd(isGone, result == -Errno.ENOBUFS);
        }
    }

    /** A port's frames went on to the pipeline. */
    void received(int count) {
        lent -= count;
    }

    private void refill() {
        int count = Math.min(budget.buffers() - lent, pool.available() - OWN_BUFFERS);
        if (count <= 0) {
            return;
        }
        for (int i = 0; i < count; i++) {
            int buffer = pool.take();
            buffers.add(frames + FramePool.l2(buffer) - VnetHeader.LENGTH, FramePool.BUFFER_BYTES, buffer);
        }
        buffers.publishRelease();
        lent += count;
        provided += count;
    }

    /**
     * Asks for what ports are to read. A read takes all buffers that there are if as many frames wait for it: so of those that buffers lacked
     * for one at a time begins again, in turn, and the frames of a port, however large and many, keep no other waiting for long.
     *
     * @param isIdle whether nobody has frames, as far as is known: then all begin again, as the next one may be of any
     */
    private void read(boolean isIdle) {
        boolean isTaken = false;
        int first = turn;
        for (int i = 0; i < ports.length && provided > 0; i++) {
            int at = first + i < ports.length ? first + i : first + i - ports.length;
            UringTapPort port = ports[at];
            if (port == null || !port.mustRead() || port.lacksBuffers() && isTaken && !isIdle || requests.isFull()) {
                continue;
            }
            if (port.lacksBuffers()) {
                isTaken = true;
                turn = at + 1 < ports.length ? at + 1 : 0;
            }
            requests.readMultishot(at, GROUP, READ | at);
            port.onRead();
        }
    }

    @Override
    public boolean await(int timeoutMs, Port.Outcome outcome) {
        for (int i = 0; i < isPolled.length; i++) {
            int fd = i < others.size() ? others.get(i).pollDescriptor() : wakeUp.number();
            if (!isPolled[i] && fd >= 0 && !requests.isFull()) {
                requests.pollReadable(fd, POLL | i);
                isPolled[i] = true;
            }
        }
        read(true);
        if (!isReady && !hasArrived()) { // the last submission may have found something
            ring.enterAndWait(timeoutMs * 1_000_000L);
            take(outcome);
        }
        boolean isWoken = isReady || hasArrived();
        isReady = false;
        return isWoken;
    }

    private boolean hasArrived() {
        for (UringTapPort port : ports) {
            if (port != null && port.hasArrived()) {
                return true;
            }
        }
        return false;
    }

    /** Puts another descriptor in the place of the port's. Returns false if it cannot be now. */
    boolean replace(UringTapPort port, Fd queue) {
        // A read that has not ended yet would take the end of the old queue for that of the new one.
        return !port.isReading() && ring.updateFile(port.index(), queue.number()) >= 0;
    }

    /**
     * Ends all reads and writes, so that the devices are free as soon as their descriptors are closed. Gives up where the kernel has not
     * ended them within a second: then {@link #close} leaves the frames' memory to it.
     */
    @Override
    public void stop() {
        if (!isEnabled) {
            return;
        }
        boolean isAsked = false;
        for (int attempt = 0; attempt < STOP_ATTEMPTS && (!isAsked || writes > 0 || isReading()); attempt++) {
            if (!isAsked && !requests.isFull()) {
                requests.cancelAll(CANCEL);
                isAsked = true;
            }
            ring.enterAndWait(STOP_WAIT_NS);
            while (completions.next()) {
                complete((buffer, _, _, _) -> pool.give(buffer));
            }
            completions.consumedRelease();
        }
        ring.unregisterFiles();
    }

    private boolean isReading() {
        for (UringTapPort port : ports) {
            if (port != null && port.isReading()) {
                return true;
            }
        }
        return false;
    }

    /** @throws IllegalStateException where the kernel keeps frames; their memory then stays until the process ends */
    @Override
    public void close() {
        ring.close();
        if (writes > 0 || isReading()) {
            pool.leave();
            throw new IllegalStateException("frames are still in flight: their memory stays until the process ends");
        }
    }
}

package io.towpath.dataplane.port;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoOps;
import io.netty.util.concurrent.Future;
import io.towpath.linux.Errno;
import io.towpath.linux.Fd;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import io.towpath.wire.VnetHeader;
import java.util.Arrays;

/**
 * A queue of a TAP device on the io_uring of a Netty event loop. A read is in flight all the time, many where frames come; a frame is
 * written from where it lies. A buffer is the kernel's from the submission to the completion of its read or write, whatever comes of it.
 *
 * <p>All methods on the event loop's thread. A write allocates the object that Netty's {@link IoRegistration#submit} takes (72 bytes); a
 * read's is made once for each buffer.
 */
public final class NettyTapPort extends Port implements DevicePort, IoUringIoHandle {
    /** Buffers that a worker's pool is to have for each such port, beside those that frames need on their way. */
    public static final int BUFFERS = 16;

    // linux/io_uring.h, enum io_uring_op
    private static final byte ASYNC_CANCEL = 14;
    private static final byte READ = 22;
    private static final byte WRITE = 23;
    /** linux/fs.h: a device that cannot take a frame now refuses it. */
    private static final int RWF_NOWAIT = 8;
    /** As {@code read(2)} has it: TAPs have no file position. */
    private static final long NO_OFFSET = -1;
    /** Netty carries an operation's number for free where it fits 16 bits. */
    private static final int BUFFERS_MAX = Short.MAX_VALUE;

    private final FramePool pool;
    private final long framesAddress;
    private final Runnable wake;
    private final LinkWatch link = new LinkWatch();
    private volatile Fd queue;

    /** By buffer; made at the first use: reads that wait for a frame, and reads that are refused where there is none. */
    private final IoUringIoOps[] waitingReads;

    private final IoUringIoOps[] promptReads;
    /** Netty's number of the read in flight by buffer, 0 where there is none. */
    private final long[] reading;

    private int readsInFlight;
    /** Whether one of them waits, or will, until there is a frame. */
    private boolean isArmed;

    private int armedBuffer;
    /** Frames that were read and not received yet, in order. */
    private final int[] readBuffers = new int[Burst.LIMIT];

    private final int[] readLengths = new int[Burst.LIMIT];
    private int readCount;

    /** By buffer: what is in flight. */
    private final int[] writePackets;

    private final int[] writeBytes;

    private final Reason[] writeReasons;
    private int writesInFlight;
    private Outcome outcome;

    private IoRegistration registration;
    private Runnable onClosed;
    private boolean isClosing;

    /**
     * @param pool of the port's worker; frames go out from its buffers only
     * @param wake asks for a {@link #receive} soon; called on the event loop
     */
    public NettyTapPort(int index, String name, Fd queue, FramePool pool, Runnable wake) {
        super(index, name);
        if (pool.capacity() > BUFFERS_MAX) {
            throw new IllegalArgumentException("more than " + BUFFERS_MAX + " buffers: " + pool.capacity());
        }
        this.queue = queue;
        this.pool = pool;
        this.framesAddress = pool.frames().address();
        this.wake = wake;
        this.waitingReads = new IoUringIoOps[pool.capacity()];
        this.promptReads = new IoUringIoOps[pool.capacity()];
        this.reading = new long[pool.capacity()];
        this.writePackets = new int[pool.capacity()];
        this.writeBytes = new int[pool.capacity()];
        this.writeReasons = new Reason[pool.capacity()];
    }

    /**
     * Begins to read.
     *
     * @param closed run once nothing is in flight any more, after {@link #close} or where the event loop ended
     */
    public void open(IoEventLoop loop, Runnable closed) {
        Future<IoRegistration> registered = loop.register(this);
        if (!registered.isSuccess()) { // known at once on the event loop
            throw new IllegalStateException("port " + name() + ": " + registered.cause(), registered.cause());
        }
        registration = registered.getNow();
        onClosed = closed;
        read(0);
    }

    /** Whether something may be in flight. */
    public boolean isOpen() {
        return registration != null && registration.isValid();
    }

    /** Receives what was read, and reads on. */
    @Override
    public int receive(FramePool from, Burst burst, int limit) {
        int received = Math.min(readCount, limit);
        for (int i = 0; i < received; i++) {
            burst.add(index(), readBuffers[i], FramePool.l2(readBuffers[i]), readLengths[i]);
        }
        readCount -= received;
        System.arraycopy(readBuffers, received, readBuffers, 0, readCount);
        System.arraycopy(readLengths, received, readLengths, 0, readCount);
        read(received);
        return received;
    }

    /**
     * Reads on: one read waits for a frame. As many others as frames came just now, and some more, are done with when they are submitted; so a
     * busy queue is emptied in bursts, and the first frame after a rest wakes one read and not many.
     */
    private void read(int received) {
        if (isClosing || link.isGone()) {
            return;
        }
        int prompt = Math.min(received + received / 4, Burst.LIMIT - 1 - readsInFlight - readCount);
        for (int i = 0; i < prompt; i++) {
            if (read(promptReads, RWF_NOWAIT) < 0) {
                break;
            }
        }
        if (!isArmed) {
            armedBuffer = read(waitingReads, 0);
            isArmed = armedBuffer >= 0;
        }
    }

    /** Returns the buffer, or -1: a write's completion brings one, and wakes. */
    private int read(IoUringIoOps[] operations, int flags) {
        int buffer = pool.take();
        if (buffer < 0) {
            return -1;
        }
        IoUringIoOps operation = operations[buffer];
        if (operation == null) {
            operation = operation(READ, FramePool.l2(buffer), FramePool.BUFFER_BYTES, flags, buffer);
            operations[buffer] = operation;
        }
        reading[buffer] = registration.submit(operation);
        readsInFlight++;
        return buffer;
    }

    @Override
    void send(SendQueue from, int i, Outcome toldTo) {
        int buffer = from.buffer(i);
        if (isClosing || link.isGone()) {
            drops().count(Reason.EGRESS_FAILED, from.packets(i));
            toldTo.done(buffer, from.packets(i), from.bytes(i), Reason.EGRESS_FAILED);
            return;
        }
        outcome = toldTo;
        writePackets[buffer] = from.packets(i);
        writeBytes[buffer] = from.bytes(i);
        writeReasons[buffer] = from.reason(i);
        writesInFlight++;
        registration.submit(operation(WRITE, from.l2(i), from.length(i) + VnetHeader.LENGTH, RWF_NOWAIT, buffer));
    }

    private IoUringIoOps operation(byte code, long l2, int length, int flags, int buffer) {
        long address = framesAddress + l2 - VnetHeader.LENGTH;
        return new IoUringIoOps(
                code,
                (byte) 0,
                (short) 0,
                queue.number(),
                NO_OFFSET,
                address,
                length,
                flags,
                buffer,
                (short) 0,
                (short) 0,
                0,
                0);
    }

    /** An operation is complete. Must not throw: Netty would put the event loop to sleep. */
    @Override
    public void handle(IoRegistration of, IoEvent event) {
        IoUringIoEvent completion = (IoUringIoEvent) event;
        switch (completion.opcode()) {
            case READ -> onRead((int) completion.userData(), completion.res());
            case WRITE -> onWritten((int) completion.userData(), completion.res());
            default -> {} // a cancellation: what it cancelled completes by itself
        }
        if (isClosing) {
            closeWhenDone();
        }
    }

    private void onRead(int buffer, int result) {
        reading[buffer] = 0;
        readsInFlight--;
        if (isArmed && buffer == armedBuffer) {
            isArmed = false;
        }
        if (result >= 0 && !isClosing) {
            link.up();
            readBuffers[readCount] = buffer;
            // What is shorter than its own header is a frame of no bytes: the parser drops and counts it.
            readLengths[readCount++] = Math.max(0, result - VnetHeader.LENGTH);
        } else {
            pool.give(buffer);
            if (result < 0 && result != -Errno.EAGAIN && result != -Errno.EINTR && !isClosing) {
                link.gone();
            }
        }
        if (!isClosing) {
            wake.run();
        }
    }

    private void onWritten(int buffer, int result) {
        writesInFlight--;
        Reason reason = writeReasons[buffer];
        if (result >= 0) {
            link.up();
        } else {
            reason = link.onWriteError(result);
            drops().count(reason, writePackets[buffer]);
        }
        outcome.done(buffer, writePackets[buffer], writeBytes[buffer], reason);
        if (!isArmed && !isClosing) {
            wake.run(); // for want of buffers, maybe
        }
    }

    /** Takes back what is in flight; Netty calls this, too, where the event loop ends. What was read and not received is lost. */
    @Override
    public void close() {
        if (isClosing || registration == null) {
            return;
        }
        isClosing = true;
        while (readCount > 0) {
            pool.give(readBuffers[--readCount]);
        }
        for (long operation : reading) {
            if (operation != 0) {
                registration.submit(new IoUringIoOps(
                        ASYNC_CANCEL, (byte) 0, (short) 0, -1, 0, operation, 0, 0, 0, (short) 0, (short) 0, 0, 0));
            }
        }
        closeWhenDone();
    }

    private void closeWhenDone() {
        if (readsInFlight + writesInFlight == 0 && registration.cancel()) {
            onClosed.run();
        }
    }

    @Override
    public LinkState link() {
        return link.state();
    }

    @Override
    public Fd queue() {
        return queue;
    }

    @Override
    public void replace(Fd other) {
        if (readsInFlight + writesInFlight > 0) {
            return; // they are with the old one, whose number another file may get
        }
        queue = other;
        Arrays.fill(waitingReads, null);
        Arrays.fill(promptReads, null);
        link.up();
    }
}

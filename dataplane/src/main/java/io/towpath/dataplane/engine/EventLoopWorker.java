package io.towpath.dataplane.engine;

import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.LoopIo;
import io.towpath.dataplane.port.NettyTapPort;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Runs a worker on a Netty event loop, beside whatever else runs there. Each completed read asks for a cycle, which is then a task of the
 * event loop: it comes after all completions of that round, so that a burst is what they brought. A worker that had work goes on with
 * cycles for a while without being asked, as it spins on a thread of its own; in between the event loop does the rest of its work.
 */
final class EventLoopWorker implements AutoCloseable {
    private static final long CLOSE_LIMIT_S = 5;

    private final SingleThreadIoEventLoop loop;
    private final Consumer<Throwable> onError;
    private final Runnable cycle = this::cycle;
    private final Runnable wake = this::wake;
    private final AtomicBoolean isAsked = new AtomicBoolean();
    private final Promise<Void> ended;
    private final List<NettyTapPort> ports = new ArrayList<>();
    private Worker worker;
    private FramePool pool;
    private boolean isStarted;

    // The event loop's thread only.
    private Future<?> ticks;
    private Future<?> pendingWait;
    private int openPorts;
    private boolean isRunning;
    private boolean isResting;
    private long idleSinceNs;

    EventLoopWorker(SingleThreadIoEventLoop loop, Consumer<Throwable> onError) {
        this.loop = loop;
        this.ended = loop.newPromise();
        this.onError = onError;
    }

    /** Before {@link #start}. */
    LoopIo use(List<NettyTapPort> ports) {
        this.ports.addAll(ports);
        return new LoopIo(ports, loop, this::onPortClosed);
    }

    /** Before {@link #start}. */
    void use(Worker worker, FramePool pool) {
        this.worker = worker;
        this.pool = pool;
    }

    /** Asks for a cycle: there is something to do. Any thread. */
    void wake() {
        if (isAsked.get() || !isAsked.compareAndSet(false, true)) {
            return;
        }
        try {
            loop.execute(cycle);
        } catch (RejectedExecutionException e) {
            // The application ended its event loops, and with them the worker.
        }
    }

    /**
     * Begins to forward.
     *
     * @throws IllegalStateException on the event loop itself, which must not wait
     */
    void start() {
        refuseEventLoop();
        Future<?> begun = loop.submit(this::begin);
        isStarted = true;
        begun.syncUninterruptibly();
    }

    private void begin() {
        worker.onStart();
        openPorts = ports.size();
        idleSinceNs = System.nanoTime();
        ticks = loop.scheduleWithFixedDelay(this::tick, Worker.BLOCK_MS, Worker.BLOCK_MS, TimeUnit.MILLISECONDS);
        isRunning = true;
        wake();
    }

    private void cycle() {
        isAsked.set(false); // first: what comes from here on asks for the next cycle
        if (!isRunning) {
            return; // commands may come before the start, and frames after the end
        }
        long nowNs = System.nanoTime();
        if (isResting) {
            resume(nowNs);
            idleSinceNs = nowNs;
        }
        if (doWork(nowNs) > 0) {
            idleSinceNs = nowNs;
        }
        if (nowNs - idleSinceNs < Worker.SPIN_NS) {
            // Not at once: tasks that ask for tasks keep the event loop from its ring for up to a second.
            loop.executeAfterEventLoopIteration(wake);
        } else {
            rest();
        }
    }

    private int doWork(long nowNs) {
        try {
            return worker.cycle(nowNs);
        } catch (RuntimeException | Error e) {
            onError.accept(e);
            return 0;
        }
    }

    private void rest() {
        worker.rest();
        isResting = true;
        if (worker.hasPending() && (pendingWait == null || pendingWait.isDone())) {
            pendingWait = loop.schedule(wake, Worker.BLOCK_PENDING_MS, TimeUnit.MILLISECONDS);
        }
    }

    private void resume(long nowNs) {
        worker.resume(nowNs);
        isResting = false;
    }

    private void tick() {
        if (isResting) {
            long nowNs = System.nanoTime();
            resume(nowNs);
            worker.sweepIdle(nowNs);
            cycle();
        }
    }

    private void end() {
        openPorts = (int) ports.stream().filter(NettyTapPort::isOpen).count(); // not all, where the start failed
        if (openPorts == 0) {
            finish();
        }
        ports.forEach(NettyTapPort::close);
    }

    /** After {@link #end}, or as the event loop itself ends. */
    private void onPortClosed() {
        if (--openPorts == 0) {
            finish();
        }
    }

    private void finish() {
        if (ended.isDone()) {
            return;
        }
        isRunning = false;
        if (ticks != null) {
            ticks.cancel(false);
        }
        worker.onClose();
        ended.setSuccess(null);
    }

    /**
     * Returns when nothing is in flight any more; frames' memory may go then.
     *
     * @throws IllegalStateException on the event loop itself, which must not wait, and where the kernel keeps frames; their memory then stays
     *     until the process ends
     */
    @Override
    public void close() {
        refuseEventLoop();
        if (!isStarted) {
            worker.onClose();
            return;
        }
        try {
            loop.execute(this::end);
        } catch (RejectedExecutionException e) {
            // It is ended, or about to be.
        }
        if (!ended.awaitUninterruptibly(CLOSE_LIMIT_S, TimeUnit.SECONDS)) {
            pool.leave();
            throw new IllegalStateException("frames of " + worker.roleName()
                    + " are still in flight: their memory stays until the process ends");
        }
    }

    private void refuseEventLoop() {
        if (loop.inEventLoop()) {
            throw new IllegalStateException("not from the event loop that the worker runs on");
        }
    }
}

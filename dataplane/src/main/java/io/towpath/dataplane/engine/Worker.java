package io.towpath.dataplane.engine;

import io.towpath.conntrack.Conntrack;
import io.towpath.dataplane.metrics.WorkerCounts;
import io.towpath.dataplane.pipeline.Forwarding;
import io.towpath.dataplane.pipeline.Pipeline;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.Port;
import io.towpath.dataplane.port.PortIo;
import io.towpath.maps.Quiescence;
import io.towpath.packet.Burst;
import java.util.Queue;
import org.agrona.concurrent.Agent;

/**
 * One packet worker: receives a burst of every port, brings it through the pipeline, sends. The one user of its ports' queues and its
 * buffers. As an agent it spins and blocks by itself; {@link EventLoopWorker} runs its cycles where a Netty event loop does that.
 */
final class Worker implements Agent {
    /** Commands of a cycle at most, so that packets are never starved. */
    private static final int COMMAND_LIMIT = 16;
    /** Entries looked at in a cycle; at 10,000 cycles a second a table of 262,144 is through in less than a second. */
    private static final int SWEEP_LIMIT = 32;
    /** Time of spinning before blocking: longer than most gaps within a request and its answer. */
    static final long SPIN_NS = 50_000;
    /** A blocked worker looks at its table this often; frames and commands wake it. */
    static final int BLOCK_MS = 100;
    /** Entries looked at after that: 131,072 of a full table's share in 13 s, at 10 µs of work each time. */
    private static final int BLOCKED_SWEEP_LIMIT = 1024;

    static final int BLOCK_PENDING_MS = 1;

    private final int number;
    private final Port[] ports;
    private final FramePool pool;
    private final Burst burst;
    private final Pipeline pipeline;
    private final Forwarding forwarding;
    private final Verdicts verdicts;
    private final Conntrack conntrack;
    private final Quiescence quiescence;
    private final Queue<Runnable> commands;
    private final Heartbeats heartbeats;
    private final Runnable wakeUp;
    private final WorkerCounts counts;
    private final PortIo io;
    private long idleSinceNs;
    /** When this cycle began, or the wait at the end of it ended. */
    private long cycleSinceNs;

    private volatile boolean isEnding;

    Worker(
            int number,
            Port[] ports,
            PortIo io,
            FramePool pool,
            Burst burst,
            Pipeline pipeline,
            Forwarding forwarding,
            Verdicts verdicts,
            Conntrack conntrack,
            Quiescence quiescence,
            Queue<Runnable> commands,
            Runnable wakeUp,
            Heartbeats heartbeats,
            WorkerCounts counts) {
        this.number = number;
        this.ports = ports;
        this.io = io;
        this.pool = pool;
        this.burst = burst;
        this.pipeline = pipeline;
        this.forwarding = forwarding;
        this.verdicts = verdicts;
        this.conntrack = conntrack;
        this.quiescence = quiescence;
        this.commands = commands;
        this.heartbeats = heartbeats;
        this.counts = counts;
        this.wakeUp = wakeUp;
    }

    @Override
    public void onStart() {
        io.start();
        quiescence.online(number);
        idleSinceNs = System.nanoTime();
        cycleSinceNs = idleSinceNs;
    }

    @Override
    public int doWork() {
        long nowNs = System.nanoTime(); // the cycle's only clock read
        int work = cycle(nowNs);
        if (work > 0) {
            idleSinceNs = nowNs;
        } else if (nowNs - idleSinceNs > SPIN_NS && !isEnding) {
            block();
        }
        return work;
    }

    /** Does what there is to do now. Returns how much that was; never blocks. */
    int cycle(long nowNs) {
        heartbeats.beat(number, nowNs);
        if (nowNs - cycleSinceNs > WorkerCounts.STALL_NS) {
            counts.stall(number, nowNs - cycleSinceNs);
        }
        cycleSinceNs = nowNs;
        int work = runCommands();
        io.submit(verdicts);
        for (Port port : ports) {
            burst.clear();
            int received = port.receive(pool, burst, Burst.LIMIT);
            if (received > 0) {
                pipeline.process(burst, nowNs);
                work += received;
                flush();
                counts.burst(number, received);
            }
        }
        if (forwarding.hasPending()) {
            work += forwarding.releasePending(nowNs);
            flush();
        }
        conntrack.sweep(conntrack.worker(number), nowNs, SWEEP_LIMIT);
        quiescence.quiescent(number);
        return work;
    }

    /** Whether frames wait for something else than frames. */
    boolean hasPending() {
        return forwarding.hasPending();
    }

    /** No cycle follows before {@link #resume}. */
    void rest() {
        quiescence.offline(number);
    }

    void resume(long nowNs) {
        quiescence.online(number);
        cycleSinceNs = nowNs;
    }

    /** To be called where nothing came for {@link #BLOCK_MS}: looks at a larger part of the table. */
    void sweepIdle(long nowNs) {
        conntrack.sweep(conntrack.worker(number), nowNs, BLOCKED_SWEEP_LIMIT);
    }

    private void flush() {
        for (Port port : ports) {
            port.flush(verdicts);
        }
        io.submit(verdicts);
    }

    private int runCommands() {
        int run = 0;
        for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
            command.run();
            if (++run == COMMAND_LIMIT) {
                break;
            }
        }
        return run;
    }

    private void block() {
        rest();
        boolean isWoken = io.await(hasPending() ? BLOCK_PENDING_MS : BLOCK_MS, verdicts);
        long nowNs = System.nanoTime();
        resume(nowNs);
        if (!isWoken) {
            sweepIdle(nowNs);
            return; // nothing came: no reason to spin before blocking again
        }
        idleSinceNs = nowNs;
    }

    /** Blocks no more, as it is about to be closed. Any thread. */
    void end() {
        isEnding = true;
        wakeUp.run();
    }

    @Override
    public void onClose() {
        quiescence.offline(number);
        io.stop();
    }

    @Override
    public String roleName() {
        return "worker-" + number;
    }
}

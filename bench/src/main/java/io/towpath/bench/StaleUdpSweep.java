package io.towpath.bench;

import io.towpath.nat.BackendAddress;
import io.towpath.nat.Protocol;
import io.towpath.nat.Scheduler;
import io.towpath.nat.ServicePort;
import io.towpath.packet.Burst;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.HdrHistogram.Histogram;

/**
 * What a worker notices while the control thread ends stale UDP connections of a table of a million: time per burst of 64 established
 * packets, without and beside such sweeps, in alternation. Each sweep ends half of the connections, which the worker then opens again.
 *
 * <p>{@code java -cp ... io.towpath.bench.StaleUdpSweep [CONNECTIONS]}
 */
public final class StaleUdpSweep implements AutoCloseable {
    private static final int ROUNDS = 10;
    private static final int FRAME_LENGTH = 64;
    private static final int CLIENT = 0x0A00_0000;
    /** Packets that the worker sends over and over belong to these: they stay with their backend. */
    private static final int BUSY = 4096;

    private static final long CALM_NS = TimeUnit.MILLISECONDS.toNanos(200);

    private final MemoryEngine engine;
    private final int connections;
    private final Scatter scatter = new Scatter(BUSY);

    private StaleUdpSweep(int connections) {
        this.connections = connections;
        engine = new MemoryEngine(List.of(busy(), quiet(1), quiet(2)), connections + connections / 4 + BUSY);
    }

    private static ServicePort busy() {
        return Rig.service(0, Protocol.UDP, 1, Rig.BACKEND_PORT, Scheduler.RANDOM);
    }

    /** One of two Services with half of the table each; its backend's port is a way to replace the backend. */
    private static ServicePort quiet(int number) {
        return quiet(number, Rig.BACKEND_PORT);
    }

    private static ServicePort quiet(int number, int backendPort) {
        ServicePort port = Rig.service(number, Protocol.UDP, 1, backendPort, Scheduler.RANDOM);
        List<BackendAddress> backends = port.clusterBackends();
        return new ServicePort(
                port.name(),
                port.ipv6(),
                port.vips(),
                backends,
                List.of(),
                port.scheduler(),
                port.weights(),
                0,
                backends);
    }

    /** Runs and prints. */
    public static void main(String[] args) throws InterruptedException {
        int connections = args.length > 0 ? Integer.parseInt(args[0]) : 1_000_000;
        try (StaleUdpSweep program = new StaleUdpSweep(connections)) {
            program.run();
        }
    }

    private void run() throws InterruptedException {
        open();
        Histogram calmNs = new Histogram(3);
        Histogram besideNs = new Histogram(3);
        Histogram sweepUs = new Histogram(3);
        long ended = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long calmUntil = System.nanoTime() + CALM_NS;
            while (System.nanoTime() < calmUntil) {
                calmNs.recordValue(busyBurst());
            }
            int port = Rig.BACKEND_PORT + 1 + round;
            int[] stale = new int[1];
            AtomicBoolean done = new AtomicBoolean();
            Thread control = new Thread(
                    () -> {
                        long startNs = System.nanoTime();
                        stale[0] = engine.apply(List.of(busy(), quiet(1), quiet(2, port)));
                        sweepUs.recordValue((System.nanoTime() - startNs) / 1000);
                        done.set(true);
                    },
                    "control");
            control.start();
            while (!done.get()) {
                besideNs.recordValue(busyBurst());
            }
            control.join();
            ended += stale[0];
            open();
        }
        System.out.printf(
                "%,d connections, %,d ended in %d sweeps: median %.1f ms, longest %.1f ms%n",
                connections, ended, ROUNDS, sweepUs.getValueAtPercentile(50) / 1000.0, sweepUs.getMaxValue() / 1000.0);
        print("bursts without a sweep", calmNs);
        print("bursts beside a sweep", besideNs);
    }

    private static void print(String what, Histogram ns) {
        System.out.printf(
                "%-24s p50 %6.1f us  p99 %7.1f us  p99.9 %8.1f us  longest %9.1f us  (%,d)%n",
                what,
                ns.getValueAtPercentile(50) / 1000.0,
                ns.getValueAtPercentile(99) / 1000.0,
                ns.getValueAtPercentile(99.9) / 1000.0,
                ns.getMaxValue() / 1000.0,
                ns.getTotalCount());
    }

    /** Opens what is not open, a packet a connection: half of them to each quiet Service. */
    private void open() {
        for (int n = 0; n < connections; n += Burst.LIMIT) {
            for (int i = n; i < Math.min(n + Burst.LIMIT, connections); i++) {
                send(CLIENT + 1 + i / 32_768, 1024 + i % 32_768, 1 + i % 2);
            }
            engine.process(System.nanoTime());
        }
    }

    private long busyBurst() {
        for (int i = 0; i < Burst.LIMIT; i++) {
            send(CLIENT, 1024 + scatter.next(), 0);
        }
        long startNs = System.nanoTime();
        engine.process(startNs);
        return System.nanoTime() - startNs;
    }

    private void send(int client, int clientPort, int service) {
        long l2 = engine.add(FRAME_LENGTH);
        Frames.write(engine.burst().frames, l2, FRAME_LENGTH, Frames.Kind.V4_UDP, client, clientPort, Rig.vip(service));
    }

    @Override
    public void close() {
        engine.close();
    }
}

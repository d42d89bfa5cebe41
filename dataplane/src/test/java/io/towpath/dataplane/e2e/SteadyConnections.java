package io.towpath.dataplane.e2e;

import io.towpath.dataplane.demo.Namespace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** HTTP connections that a client holds open and asks on again and again, each on a thread of its own. */
final class SteadyConnections implements AutoCloseable {
    /** Between two requests of a connection. */
    private static final long PAUSE_MS = 250;

    private final List<KeptAliveClient> connections = new ArrayList<>();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final AtomicIntegerArray answers;
    private volatile boolean ended;

    private SteadyConnections(int count) {
        answers = new AtomicIntegerArray(count);
    }

    static SteadyConnections open(Namespace client, InetSocketAddress to, int count) throws Exception {
        SteadyConnections all = new SteadyConnections(count);
        try {
            for (int number = 0; number < count; number++) {
                all.connections.add(KeptAliveClient.connect(client, to));
            }
        } catch (Exception e) {
            all.close();
            throw e;
        }
        for (int number = 0; number < count; number++) {
            int connection = number;
            Thread.ofVirtual().name("connection-" + number).start(() -> all.ask(connection));
        }

        return all;
    }

    private void ask(int number) {
        try {
            String backend = connections.get(number).ask();
            while (!ended) {
                answers.incrementAndGet(number);
                TimeUnit.MILLISECONDS.sleep(PAUSE_MS);
                String now = connections.get(number).ask();
                if (!now.equals(backend)) {
                    failures.add("connection " + number + " went from " + backend + " to " + now);
                }
            }
        } catch (IOException | InterruptedException e) {
            if (!ended) {
                failures.add("connection " + number + ": " + e);
            }
        }
    }

    /** Ends connections that were lost or led elsewhere, in words. */
    Queue<String> failures() {
        return failures;
    }

    /** Answers so far, by connection. */
    int[] answers() {
        int[] now = new int[answers.length()];
        for (int number = 0; number < now.length; number++) {
            now[number] = answers.get(number);
        }

        return now;
    }

    /** Whether each connection had an answer since, or is lost. */
    boolean haveAllAnsweredSince(int[] before) {
        int waiting = 0;
        for (int number = 0; number < before.length; number++) {
            waiting += answers.get(number) == before[number] ? 1 : 0;
        }

        return waiting <= failures.size();
    }

    @Override
    public void close() throws IOException {
        ended = true;
        for (KeptAliveClient connection : connections) {
            connection.close();
        }
    }
}

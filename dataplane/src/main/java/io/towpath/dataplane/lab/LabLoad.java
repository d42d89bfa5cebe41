package io.towpath.dataplane.lab;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Requests at a steady rate over all paths through Services, both families, TCP and UDP, each over a socket of its own and over sockets that
 * are kept. Some threads send; each has its share of the ways.
 */
final class LabLoad {
    /** Ways of asking. */
    enum Kind {
        TCP("TCP, a connection each"),
        TCP_KEPT("TCP, kept alive"),
        UDP("UDP, a socket each"),
        UDP_KEPT("UDP, same socket");

        final String label;

        Kind(String label) {
            this.label = label;
        }

        boolean isKept() {
            return this == TCP_KEPT || this == UDP_KEPT;
        }

        boolean isUdp() {
            return this == UDP || this == UDP_KEPT;
        }
    }

    private static final int LANES = 8;
    /** Of a kept socket: seconds at the usual rate, so that backends come and go meanwhile. */
    private static final int KEPT_REQUESTS = 16;
    /** A change of the manifests is in force long before; a slow machine is no failure. */
    private static final long LATE_NS = TimeUnit.SECONDS.toNanos(1);

    private final LabScaling scaling;
    private final int requests;
    private final int perSecond;
    private final AtomicInteger begun = new AtomicInteger();
    private final List<List<Way>> shares = new ArrayList<>();
    private final List<Map<Kind, LoadStats>> stats = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private long startNs;

    /** @param requests in all */
    LabLoad(LabNetwork network, LabScaling scaling, int requests, int perSecond) {
        this.scaling = scaling;
        this.requests = requests;
        this.perSecond = perSecond;
        for (int lane = 0; lane < LANES; lane++) {
            shares.add(new ArrayList<>());
            stats.add(new EnumMap<>(Kind.class));
        }
        int number = 0;
        for (LabPath path : LabPath.ofServices(network, scaling.services())) {
            for (boolean v6 : new boolean[] {false, true}) {
                for (Kind kind : Kind.values()) {
                    shares.get(number++ % LANES).add(new Way(path, v6, kind, service(path, v6)));
                }
            }
        }
    }

    private LabService service(LabPath path, boolean v6) {
        return scaling.services().stream()
                .filter(service -> service.isAt(path.to().apply(v6), path.port(), v6))
                .findFirst()
                .orElseThrow();
    }

    void start() {
        startNs = System.nanoTime();
        for (int lane = 0; lane < LANES; lane++) {
            int number = lane;
            threads.add(Thread.ofPlatform().daemon().name("lab-load-" + lane).start(() -> run(number)));
        }
    }

    boolean isRunning() {
        return threads.stream().anyMatch(Thread::isAlive);
    }

    /** Waits for the end. */
    LoadReport finish() throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
        return LoadReport.of(stats, System.nanoTime() - startNs);
    }

    private void run(int lane) {
        List<Way> ways = shares.get(lane);
        for (int turn = 0; ; turn++) {
            int number = begun.getAndIncrement();
            if (number >= requests) {
                break;
            }
            LockSupport.parkNanos(startNs + TimeUnit.SECONDS.toNanos(1) * number / perSecond - System.nanoTime());
            Way way = ways.get(turn % ways.size());
            way.ask(stats.get(lane).computeIfAbsent(way.kind, _ -> new LoadStats()));
        }
        ways.forEach(Way::close);
    }

    /** One path by one family and kind. One thread. */
    private final class Way {
        final Kind kind;
        private final LabPath path;
        private final boolean v6;
        private final LabService service;
        private LabClient client;
        private int asked;
        private String backend = "";
        private boolean sawItGoDown;

        Way(LabPath path, boolean v6, Kind kind, LabService service) {
            this.path = path;
            this.v6 = v6;
            this.kind = kind;
            this.service = service;
        }

        void ask(LoadStats stats) {
            long sentNs = System.nanoTime();
            try {
                boolean isNew = client == null;
                if (isNew) {
                    open();
                }
                String answer = client.ask();
                stats.answered(System.nanoTime() - sentNs, client.takeRepeats());
                check(answer, isNew, stats);
                if (!kind.isKept() || ++asked == KEPT_REQUESTS) {
                    close();
                }
            } catch (Exception e) {
                stats.failed(this + ": " + e);
                close();
            }
        }

        private void open() throws Exception {
            String address = path.to().apply(v6);
            client = kind.isUdp()
                    ? LabClient.udp(path.from(), address, path.port())
                    : LabClient.tcp(path.from(), address, LabService.talkPort(path.port()));
            asked = 0;
            sawItGoDown = false;
        }

        private void check(String answer, boolean isNew, LoadStats stats) throws IOException {
            if (service.backends().stream().noneMatch(host -> host.serverName().equals(answer))) {
                throw new IOException("answered by " + answer);
            }
            if (isNew) {
                // Of UDP that says nothing: a new socket may have an old one's port, and with it its connection.
                boolean isLate = !kind.isUdp() && scaling.isDown(service, answer, LATE_NS);
                stats.opened(isLate ? this + ": to " + answer + " in step " + scaling.steps() : "");
            } else if (kind == Kind.TCP_KEPT) {
                if (!answer.equals(backend)) {
                    throw new IOException("went from " + backend + " to " + answer);
                }
                if (!sawItGoDown && scaling.isDown(service, answer, 0)) {
                    sawItGoDown = true;
                    stats.drained();
                }
            }
            backend = answer;
        }

        void close() {
            if (client != null) {
                client.close();
                client = null;
            }
        }

        @Override
        public String toString() {
            return path.name() + ", " + (v6 ? "IPv6 " : "IPv4 ") + kind.label;
        }
    }
}

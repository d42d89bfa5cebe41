package io.towpath.bench.core;

import io.towpath.maps.MapStore;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.Tcp;
import java.util.concurrent.TimeUnit;

/** The packets of a path, and the engine that they go through. One thread. */
final class CoreLoad implements AutoCloseable {
    /** Of the packets' time; the C peer's is the same. */
    private static final long SAMPLE_NS = TimeUnit.MILLISECONDS.toNanos(100);
    /** After this a connection without an answer is expired (SYN_SENT: 120 s), and an established one is not (300 s at least). */
    static final long UNANSWERED_NS = TimeUnit.SECONDS.toNanos(150);
    /** SYN with its options takes one number. */
    static final int FIRST_BYTE = 1;

    private final CorePath path;
    private final int count;
    private final Flows flows;
    private final RouterEngine engine;
    private final TcpFrame frame = new TcpFrame();
    private final TcpFrame[] answers = new TcpFrame[Burst.LIMIT];
    private final Chunks chunks = new Chunks();
    /** Reply packets come from the backend that the flow got. */
    private final int[] backendLo;

    private long sentPackets;
    private int opened;

    /** Opens {@code count} connections with their whole handshakes. */
    CoreLoad(CorePath path, int count, MapStore store) {
        this(path, count, new RouterEngine(store, capacity(path, count), path == CorePath.HIT_MASQUERADE));
    }

    private static int capacity(CorePath path, int count) {
        return path.isIpv4() ? Flows.capacity(count) : Flows.ipv6Capacity(count);
    }

    /** As the first one, for an engine that is closed with the load. */
    CoreLoad(CorePath path, int count, RouterEngine engine) {
        this(path, count, engine, new int[path == CorePath.REPLY ? count : 0]);
        for (int first = 0; first < count; first += Burst.LIMIT) {
            establish(first);
        }
        if (path == CorePath.NEW_FULL) {
            int room = Flows.capacity(count) - count;
            open(room / Burst.LIMIT * Burst.LIMIT);
        }
    }

    private CoreLoad(CorePath path, int count, RouterEngine engine, int[] backendLo) {
        this.path = path;
        this.count = count;
        this.engine = engine;
        this.backendLo = backendLo;
        flows = new Flows(count);
        for (int i = 0; i < answers.length; i++) {
            answers[i] = new TcpFrame();
        }
    }

    /** Returns a load of another worker, over the connections that this one opened. */
    CoreLoad beside(RouterEngine other) {
        return new CoreLoad(path, count, other, backendLo);
    }

    RouterEngine engine() {
        return engine;
    }

    private void establish(int first) {
        long nowNs = System.nanoTime();
        for (int i = 0; i < Burst.LIMIT; i++) {
            request(flow(first, i), Tcp.SYN, 0, 0);
        }
        engine.process(nowNs);
        for (int i = 0; i < Burst.LIMIT; i++) {
            engine.answer(RouterEngine.SERVERS, i, answers[i]);
            if (path == CorePath.REPLY) {
                backendLo[flow(first, i)] = (int) answers[i].sourceLo;
            }
        }
        answerAll(first, Tcp.SYN | Tcp.ACK, 0);
        engine.process(nowNs);
        for (int i = 0; i < Burst.LIMIT; i++) {
            request(flow(first, i), Tcp.ACK, FIRST_BYTE, FIRST_BYTE);
        }
        engine.process(nowNs);
        answerAll(first, Tcp.ACK, FIRST_BYTE);
        engine.process(nowNs);
    }

    /** The last burst repeats the last flow. */
    private int flow(int first, int i) {
        return Math.min(first + i, count - 1);
    }

    private void answerAll(int first, int flags, int sequence) {
        for (int i = 0; i < Burst.LIMIT; i++) {
            int own = Flows.firstSequence(flow(first, i));
            engine.add(RouterEngine.SERVERS, answers[i], flags, ~own + sequence, own + FIRST_BYTE);
        }
    }

    /** Adds a client's segment; its numbers are relative to what the two ends began with. */
    void request(int flow, int flags, int sequence, int acknowledgment) {
        boolean ipv4 = path.isIpv4();
        Address vip = Flows.vip(ipv4);
        int own = Flows.firstSequence(flow);
        frame.ipv4 = ipv4;
        frame.isPartial = path == CorePath.HIT_SOCKET;
        frame.sourceHi = Flows.hi(ipv4, Flows.CLIENT_NET_V6);
        frame.sourceLo = Flows.clientLo(ipv4, flow);
        frame.destinationHi = vip.hi();
        frame.destinationLo = vip.lo();
        frame.sourcePort = Flows.clientPort(flow);
        frame.destinationPort = Flows.SERVICE_PORT;
        engine.add(RouterEngine.CLIENTS, frame, flags, own + sequence, flags == Tcp.SYN ? 0 : ~own + acknowledgment);
    }

    /** Adds a backend's segment. {@link CorePath#REPLY} only. */
    void reply(int flow, int sequence) {
        int own = Flows.firstSequence(flow);
        frame.ipv4 = true;
        frame.sourceLo = backendLo[flow];
        frame.destinationLo = Flows.clientLo(true, flow);
        frame.sourcePort = Flows.BACKEND_PORT;
        frame.destinationPort = Flows.clientPort(flow);
        engine.add(RouterEngine.SERVERS, frame, Tcp.ACK, ~own + sequence, own + FIRST_BYTE);
    }

    /** Returns nanoseconds a packet. */
    double sample() {
        chunks.clear();
        switch (path) {
            case NEW -> {
                opened = 0;
                long before = engine.sent(RouterEngine.SERVERS);
                open(Flows.NEW_FLOWS);
                require(engine.sent(RouterEngine.SERVERS) - before, Flows.NEW_FLOWS);
                require(engine.removeExpired(System.nanoTime() + UNANSWERED_NS), Flows.NEW_FLOWS);
            }
            case NEW_FULL -> open(Flows.NEW_FLOWS);
            default -> hits();
        }
        return chunks.median();
    }

    private void open(int connections) {
        for (int n = 0; n < connections; n += Burst.LIMIT) {
            chunks.add(openBurst(), Burst.LIMIT);
            engine.recycle();
        }
    }

    /** Brings 64 SYNs of new flows through. Returns nanoseconds. */
    long openBurst() {
        addNew();
        return engine.process(System.nanoTime());
    }

    /** Adds 64 SYNs of new flows to the burst. */
    void addNew() {
        for (int i = 0; i < Burst.LIMIT; i++) {
            request(Flows.FIRST_NEW + opened++, Tcp.SYN, 0, 0);
        }
    }

    /** Adds a segment each of 64 established flows to the burst. */
    void addEstablished() {
        // Each round through the flows sends the next byte, as real connections go on.
        int sequence = (int) (sentPackets / count) + FIRST_BYTE + 1;
        for (int i = 0; i < Burst.LIMIT; i++) {
            if (path == CorePath.REPLY) {
                reply(flows.next(), sequence);
            } else {
                request(flows.next(), Tcp.ACK, sequence, FIRST_BYTE);
            }
        }
        sentPackets += Burst.LIMIT;
    }

    private void hits() {
        int out = path == CorePath.REPLY ? RouterEngine.CLIENTS : RouterEngine.SERVERS;
        long before = engine.sent(out);
        long packets = 0;
        long endNs = System.nanoTime() + SAMPLE_NS;
        while (System.nanoTime() < endNs || packets < Chunks.CHUNK) {
            addEstablished();
            chunks.add(engine.process(System.nanoTime()), Burst.LIMIT);
            packets += Burst.LIMIT;
        }
        require(engine.sent(out) - before, packets);
    }

    private void require(long is, long should) {
        if (is != should) {
            StringBuilder reasons = new StringBuilder();
            for (Reason reason : Reason.values()) {
                if (engine.packets(reason) > 0) {
                    reasons.append(' ').append(reason).append(' ').append(engine.packets(reason));
                }
            }
            throw new IllegalStateException(is + " packets instead of " + should + ":" + reasons);
        }
    }

    @Override
    public void close() {
        engine.close();
    }
}

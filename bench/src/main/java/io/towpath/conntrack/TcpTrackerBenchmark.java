package io.towpath.conntrack;

import io.towpath.bench.FlowKey;
import io.towpath.bench.NanosecondBenchmark;
import io.towpath.bench.Rig;
import io.towpath.bench.Scatter;
import io.towpath.linux.MappedMemory;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Bytes;
import io.towpath.wire.Tcp;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** TCP states, windows and counters of a connection whose entry is at hand: no look-up. */
public class TcpTrackerBenchmark extends NanosecondBenchmark {
    private static final long BACKEND = 0xFFFF_0AC0_0001L;
    private static final int SEGMENT_BYTES = 64;
    private static final int LENGTH = Tcp.MIN_HEADER_LENGTH;
    private static final int CLIENT_SEQUENCE = 1000;
    private static final int SERVER_SEQUENCE = 5000;

    /** Segments of a connection from the first to the last, in order: who sends it, and where it stands. */
    private enum Segment {
        SYN(0, Tcp.SYN, CLIENT_SEQUENCE, 0),
        SYN_ACK(1, Tcp.SYN | Tcp.ACK, SERVER_SEQUENCE, CLIENT_SEQUENCE + 1),
        ACK(0, Tcp.ACK, CLIENT_SEQUENCE + 1, SERVER_SEQUENCE + 1),
        FIN(0, Tcp.FIN | Tcp.ACK, CLIENT_SEQUENCE + 1, SERVER_SEQUENCE + 1),
        FIN_BACK(1, Tcp.FIN | Tcp.ACK, SERVER_SEQUENCE + 1, CLIENT_SEQUENCE + 2),
        LAST_ACK(0, Tcp.ACK, CLIENT_SEQUENCE + 2, SERVER_SEQUENCE + 2);

        private final int direction;
        private final int flags;
        private final int sequence;
        private final int acknowledgment;

        Segment(int direction, int flags, int sequence, int acknowledgment) {
            this.direction = direction;
            this.flags = flags;
            this.sequence = sequence;
            this.acknowledgment = acknowledgment;
        }

        private void write(MemorySegment frames) {
            long l4 = l4();
            Bytes.i32(frames, l4 + 4, sequence);
            Bytes.i32(frames, l4 + 8, acknowledgment);
            Bytes.i32(frames, l4 + 12, 5 << 28 | flags << 16 | 0xFFFF);
        }

        private long l4() {
            return (long) ordinal() * SEGMENT_BYTES;
        }
    }

    private static final Segment[] SEGMENTS = Segment.values();

    /** Established connections; a power of two. */
    @Param({"1", "65536"})
    int flows;

    private final AnonymousMapStore store = new AnonymousMapStore();
    private final MappedMemory memory = MappedMemory.anonymous((long) SEGMENTS.length * SEGMENT_BYTES);
    private final MemorySegment frames = memory.segment();
    private final Quiescence quiescence = new Quiescence(1);
    private Conntrack conntrack;
    private ConntrackWorker worker;
    private Scatter scatter;
    private long[] handles;

    @Setup(Level.Trial)
    public void setUp() {
        for (Segment segment : SEGMENTS) {
            segment.write(frames);
        }
        scatter = new Scatter(flows);
        conntrack = Rig.conntrack(store, Math.max(1024, flows + flows / 4), 1, quiescence);
        worker = conntrack.worker(0);
        quiescence.online(0);
        handles = new long[flows];
        for (int flow = 0; flow < flows; flow++) {
            handles[flow] = create(flow);
            track(handles[flow], Segment.SYN);
            track(handles[flow], Segment.SYN_ACK);
            track(handles[flow], Segment.ACK);
        }
    }

    private long create(int flow) {
        worker.originalSourceLo = FlowKey.source(flow);
        worker.originalDestinationLo = FlowKey.VIP;
        worker.originalTransport = FlowKey.transport(flow, 0, FiveTuple.TCP);
        worker.replySourceLo = BACKEND;
        worker.replyDestinationLo = FlowKey.source(flow);
        worker.replyTransport = FiveTuple.transport(Rig.BACKEND_PORT, FlowKey.port(flow), FiveTuple.TCP);
        return conntrack.create(worker, 0);
    }

    private void track(long handle, Segment segment) {
        int result =
                conntrack.track(worker, handle | segment.direction, frames, segment.l4(), LENGTH, SEGMENT_BYTES, 0);
        if (result != Conntrack.TRACK_OK) {
            throw new IllegalStateException(segment + ": " + result);
        }
    }

    /** An ACK of an established connection. */
    @Benchmark
    public void established() {
        track(handles[scatter.next()], Segment.ACK);
    }

    /** Six segments, from SYN to the last ACK, of a connection that is made for them and removed after them, beside the established ones. */
    @Benchmark
    public boolean wholeConnection() {
        long handle = create(flows + scatter.next());
        for (Segment segment : SEGMENTS) {
            track(handle, segment);
        }
        boolean removed = conntrack.remove(worker, handle);
        quiescence.quiescent(0);
        return removed;
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        memory.close();
        store.close();
    }
}

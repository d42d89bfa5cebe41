package io.towpath.nat;

import io.towpath.bench.Frames;
import io.towpath.bench.NanosecondBenchmark;
import io.towpath.linux.MappedMemory;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import io.towpath.wire.Checksum;
import io.towpath.wire.Ethernet;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** The rewrite of one packet of 1,400 bytes, in place: there and back in turns. SCTP changes its port, so that the CRC is computed anew. */
public class RewriterBenchmark extends NanosecondBenchmark {
    private static final int LENGTH = 1400;
    private static final long L2 = 10;
    private static final long SERVICE_NET = 0x2001_0DB8_0000_0002L;

    @Param({"V4_TCP", "V4_UDP", "V4_SCTP", "V4_ICMP", "V6_TCP"})
    Frames.Kind kind;

    private final MappedMemory memory = MappedMemory.anonymous(4096);
    private final Rewriter rewriter = new Rewriter(memory.segment());
    private final long[] transports = new long[2];
    private final long[] destinations = new long[2];
    private final int[] addressDeltas = new int[2];
    private final int[] transportDeltas = new int[2];
    private long hi;
    private int turn;

    @Setup(Level.Trial)
    public void setUp() {
        Frames.write(memory.segment(), L2, LENGTH, kind, 0x0A00_0001, 1024, 0x0A80_0001);
        boolean ipv4 = kind != Frames.Kind.V6_TCP;
        hi = ipv4 ? 0 : SERVICE_NET;
        int protocol =
                switch (kind) {
                    case V4_UDP, V6_UDP -> FiveTuple.UDP;
                    case V4_TCP, V6_TCP -> FiveTuple.TCP;
                    case V4_SCTP -> FiveTuple.SCTP;
                    case V4_ICMP -> FiveTuple.ICMP;
                };
        boolean ports = protocol != FiveTuple.ICMP;
        transports[0] = FiveTuple.transport(1024, ports ? 80 : 0, protocol);
        transports[1] = FiveTuple.transport(1024, ports ? 8080 : 0, protocol);
        destinations[0] = ipv4 ? Address.mapped(0x0A80_0001) : 0x0A80_0001;
        destinations[1] = ipv4 ? Address.mapped(0x0AC0_0001) : 0x0AC0_0001;
        for (int i = 0; i < 2; i++) {
            addressDeltas[i] = Checksum.deltaAddress(hi, destinations[1 - i], hi, destinations[i]);
            transportDeltas[i] = Rewriter.transportDelta(addressDeltas[i], transports[1 - i], transports[i]);
        }
    }

    @Benchmark
    public void rewrite() {
        turn ^= 1;
        rewriter.rewrite(
                L2 + Ethernet.HEADER_LENGTH,
                L2 + kind.l4Offset(),
                LENGTH - kind.l4Offset(),
                false,
                hi,
                destinations[0],
                hi,
                destinations[turn],
                transports[turn],
                addressDeltas[turn],
                transportDeltas[turn]);
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        memory.close();
    }
}

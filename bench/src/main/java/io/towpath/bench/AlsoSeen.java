package io.towpath.bench;

import io.towpath.wire.Checksum;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Tcp;
import io.towpath.wire.Udp;
import java.lang.foreign.MemorySegment;

/**
 * What else the codecs have seen in this JVM before the measurement: once one sees a heap segment, its accesses are compiled for both kinds.
 * Production code never shows them one; this tells what it would cost.
 */
public enum AlsoSeen {
    NOTHING,
    HEAP;

    private static final int TURNS = 50_000;

    /** Runs the codecs until they are compiled. Returns a sum, to be kept alive. */
    public long show() {
        if (this == NOTHING) {
            return 0;
        }
        MemorySegment heap = MemorySegment.ofArray(new long[32]);
        long sum = 0;
        for (int i = 0; i < TURNS; i++) {
            sum += Ethernet.type(heap, 0)
                    + Ipv4.source(heap, 14)
                    + Ipv4.destination(heap, 14)
                    + Ipv4.totalLength(heap, 14)
                    + Ipv4.protocol(heap, 14)
                    + (Ipv4.isValid(heap, 14, 100) ? 1 : 0)
                    + (Udp.isValid(heap, 34, 100) ? 1 : 0)
                    + (Tcp.isValid(heap, 34, 100) ? 1 : 0)
                    + Checksum.sum(heap, 14, 20);
        }
        return sum;
    }
}

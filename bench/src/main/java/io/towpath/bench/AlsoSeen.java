package io.towpath.bench;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import io.towpath.wire.Checksum;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import io.towpath.wire.Tcp;
import io.towpath.wire.Udp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * What kinds of memory segment this JVM has seen before the measurement. The JDK's accesses to segments are compiled for the kinds that they
 * have met anywhere in the process, so that a benchmark, which meets one, may be faster than an engine beside other libraries.
 */
public enum AlsoSeen {
    /** Native segments only. */
    NOTHING,
    /**
     * Heap segments by the JDK's accesses of every width and order that the packet path has, and a mapped file by the codecs. The codecs
     * themselves never see heap segments: they read by absolute address.
     */
    OTHER_SEGMENTS;

    private static final int TURNS = 50_000;
    private static final int BYTES = 256;

    private static final VarHandle INT = JAVA_INT.varHandle().withInvokeExactBehavior();
    private static final VarHandle LONG = JAVA_LONG.varHandle().withInvokeExactBehavior();
    private static final List<ValueLayout.OfInt> INTS =
            List.of(JAVA_INT, JAVA_INT_UNALIGNED, JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN));
    private static final List<ValueLayout.OfLong> LONGS =
            List.of(JAVA_LONG, JAVA_LONG_UNALIGNED, JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN));
    private static final List<ValueLayout.OfShort> SHORTS =
            List.of(JAVA_SHORT_UNALIGNED, JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN));

    /** Shows what is to be seen until it is compiled. Returns a sum, to be kept alive. */
    public long show() {
        if (this == NOTHING) {
            return 0;
        }
        long sum = showCodecsAMappedFile();
        for (MemorySegment heap : List.of(
                MemorySegment.ofArray(new long[BYTES / Long.BYTES]),
                MemorySegment.ofArray(new int[BYTES / Integer.BYTES]))) {
            for (int i = 0; i < TURNS; i++) {
                boolean takesLongs = heap.maxByteAlignment() >= Long.BYTES;
                sum += readAndWrite(heap) + (takesLongs ? exchange(heap) : 0);
            }
        }
        return sum;
    }

    private static long readAndWrite(MemorySegment heap) {
        long sum = heap.get(JAVA_BYTE, 0);
        heap.set(JAVA_BYTE, 0, (byte) sum);
        for (ValueLayout.OfShort layout : SHORTS) {
            heap.set(layout, 2, (short) sum);
            sum += heap.get(layout, 2);
        }
        for (ValueLayout.OfInt layout : INTS) {
            heap.set(layout, 4, (int) sum);
            sum += heap.get(layout, 4);
        }
        INT.setRelease(heap, 4L, (int) sum);
        return sum + (int) INT.getAcquire(heap, 4L) + (int) INT.getOpaque(heap, 4L);
    }

    private static long exchange(MemorySegment heap) {
        long sum = 0;
        for (ValueLayout.OfLong layout : LONGS) {
            heap.set(layout, 8, sum);
            sum += heap.get(layout, 8);
        }
        LONG.setRelease(heap, 8L, sum);
        LONG.setOpaque(heap, 8L, sum);
        return sum
                + (LONG.compareAndSet(heap, 8L, sum, sum + 1) ? 1 : 0)
                + (long) LONG.getAcquire(heap, 8L)
                + (long) LONG.getOpaque(heap, 8L)
                + (long) LONG.getVolatile(heap, 8L);
    }

    private static long showCodecsAMappedFile() {
        try (Arena arena = Arena.ofConfined()) {
            Path file = Files.createTempFile("also-seen", "");
            try (FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
                return readWithCodecs(channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, arena));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long readWithCodecs(MemorySegment frame) {
        long sum = 0;
        for (int i = 0; i < TURNS; i++) {
            sum += Ethernet.type(frame, 0)
                    + Ipv4.source(frame, 14)
                    + Ipv4.destination(frame, 14)
                    + Ipv4.totalLength(frame, 14)
                    + Ipv4.protocol(frame, 14)
                    + (Ipv4.isValid(frame, 14, 100) ? 1 : 0)
                    + (Udp.isValid(frame, 34, 100) ? 1 : 0)
                    + (Tcp.isValid(frame, 34, 100) ? 1 : 0)
                    + Checksum.sum(frame, 14, 20);
        }
        return sum;
    }
}

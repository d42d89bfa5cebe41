package io.towpath.bench.core;

import io.towpath.linux.MappedMemory;
import io.towpath.linux.NativeMemory;
import io.towpath.packet.Burst;
import java.util.List;
import java.util.stream.IntStream;

/** What any program would have of more cores: loops that do next to nothing. */
final class ScaleLoop implements AutoCloseable {
    /** As a connection has them: two adjacent lines. */
    private static final int ENTRY_BYTES = 128;

    private static final int LINE_BYTES = 64;
    /** Makes a packet of about 40 ns. */
    private static final int STEPS = 32;

    private final List<MappedMemory> memories;
    private final List<ScaleLoad> loads;

    private ScaleLoop(List<MappedMemory> memories, List<ScaleLoad> loads) {
        this.memories = memories;
        this.loads = loads;
    }

    /** Loads that touch no memory. */
    static ScaleLoop computing(int workers) {
        return new ScaleLoop(
                List.of(),
                IntStream.range(0, workers).<ScaleLoad>mapToObj(Computing::new).toList());
    }

    /** Loads that add to both lines of random entries, and first load those of a whole burst, as the pipeline does: each its own entries. */
    static ScaleLoop writingApart(int workers, int entries) {
        return writing(workers, workers, Math.max(1, entries / workers));
    }

    /** As the former, all of them the same entries. */
    static ScaleLoop writingShared(int workers, int entries) {
        return writing(workers, 1, entries);
    }

    private static ScaleLoop writing(int workers, int memories, int entries) {
        List<MappedMemory> mapped = IntStream.range(0, memories)
                .mapToObj(_ -> MappedMemory.anonymous((long) entries * ENTRY_BYTES))
                .toList();
        return new ScaleLoop(
                mapped,
                IntStream.range(0, workers)
                        .<ScaleLoad>mapToObj(worker -> new Writing(mapped.get(worker % memories), entries, worker))
                        .toList());
    }

    List<ScaleLoad> loads() {
        return loads;
    }

    @Override
    public void close() {
        memories.forEach(MappedMemory::close);
    }

    /** Six independent chains, enough to keep all arithmetic units of a core busy: two threads of one core would be in each other's way. */
    private static final class Computing implements ScaleLoad {
        private long sum;

        Computing(int worker) {
            sum = worker;
        }

        @Override
        public long burst() {
            long startNs = System.nanoTime();
            long a = sum;
            long b = 1;
            long c = 2;
            long d = 3;
            long e = 4;
            long f = 5;
            for (int i = 0; i < Burst.LIMIT * STEPS; i++) {
                a = (a ^ a >>> 7) + i;
                b = (b ^ b >>> 7) + i;
                c = (c ^ c >>> 7) + i;
                d = (d ^ d >>> 7) + i;
                e = (e ^ e >>> 7) + i;
                f = (f ^ f >>> 7) + i;
            }
            sum = a + b + c + d + e + f;
            return System.nanoTime() - startNs;
        }
    }

    private static final class Writing implements ScaleLoad {
        private static final int FIRST = Burst.LIMIT;
        private static final int END = 2 * Burst.LIMIT;

        /** The middle third is used: what lies beside an array on the heap may be the other worker's. */
        private final long[] addresses = new long[3 * Burst.LIMIT];

        private final long base;
        private final int entries;
        private long random;

        @SuppressWarnings("unused")
        private long touched;

        Writing(MappedMemory memory, int entries, int worker) {
            this.base = memory.segment().address();
            this.entries = entries;
            this.random = worker;
        }

        @Override
        public long burst() {
            long state = random;
            for (int i = FIRST; i < END; i++) {
                state = state * 0x5851F42D4C957F2DL + 0x14057B7EF767814FL;
                addresses[i] = base + ((state >>> 32) * entries >>> 32) * ENTRY_BYTES;
            }
            random = state;
            long startNs = System.nanoTime();
            long sink = 0;
            for (int i = FIRST; i < END; i++) {
                sink += NativeMemory.getLong(addresses[i]) + NativeMemory.getLong(addresses[i] + LINE_BYTES);
            }
            for (int i = FIRST; i < END; i++) {
                long address = addresses[i];
                NativeMemory.setLong(address, NativeMemory.getLong(address) + 1);
                NativeMemory.setLong(address + LINE_BYTES, NativeMemory.getLong(address + LINE_BYTES) + 1);
            }
            long ns = System.nanoTime() - startNs;
            touched = sink;
            return ns;
        }
    }
}

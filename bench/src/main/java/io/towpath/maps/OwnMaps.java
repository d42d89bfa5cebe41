package io.towpath.maps;

import io.towpath.bench.FlowKey;
import io.towpath.linux.MappedMemory;
import io.towpath.linux.NativeMemory;

/** Towpath's maps as {@link FlowMap}s. */
final class OwnMaps {
    private static final long SEED = 42;

    private OwnMaps() {}

    /** {@link WordMap}; its third word is 0. */
    static final class OfWords implements FlowMap {
        private final AnonymousMapStore store = new AnonymousMapStore();
        private final WordMap map;

        OfWords(int flows) {
            map = WordMap.create(store, "words", flows, SEED, new Quiescence(0));
        }

        @Override
        public long find(long addresses, long transport) {
            return map.get(addresses, transport, 0);
        }

        @Override
        public void put(long addresses, long transport, long value) {
            if (!map.put(addresses, transport, 0, value)) {
                throw new IllegalStateException("full");
            }
        }

        @Override
        public void remove(long addresses, long transport) {
            if (map.remove(addresses, transport, 0) == 0) {
                throw new IllegalStateException("not there");
            }
        }

        @Override
        public void close() {
            store.close();
        }
    }

    /**
     * {@link SharedIndex} over records of three words: the tuple and the value. The index has room for half as many more, so that all of some
     * million new flows find a free slot. A record is free again at once, as there are no other threads.
     */
    static final class OfRecords implements FlowMap {
        private static final int RECORD_BYTES = 32;
        private static final int TRANSPORT = 8;
        private static final int VALUE = 16;

        private final AnonymousMapStore store = new AnonymousMapStore();
        private final SharedIndex index;
        private final MappedMemory memory;
        private final long records;
        private final SharedIndex.Keys keys = this::sameKey;
        private final int[] free;
        private int freeCount;

        OfRecords(int flows) {
            index = SharedIndex.create(store, "index", flows + flows / 2L);
            memory = MappedMemory.anonymous((flows + 1L) * RECORD_BYTES);
            records = memory.segment().address();
            free = new int[flows];
            for (int number = flows; number > 0; number--) { // 0 is no reference
                free[freeCount++] = number;
            }
        }

        private long record(int number) {
            return records + (long) number * RECORD_BYTES;
        }

        /** Returns a flow's record number, 0 where there is none. */
        private int number(long hash, long addresses, long transport) {
            int number = number(index.firstBucket(hash), hash, addresses, transport);
            return number != 0 ? number : number(index.secondBucket(hash), hash, addresses, transport);
        }

        private int number(long bucket, long hash, long addresses, long transport) {
            long found = index.next(bucket, hash, 0);
            while (found >= 0) {
                long record = record((int) found);
                if (NativeMemory.getLong(record) == addresses
                        && NativeMemory.getLong(record + TRANSPORT) == transport) {
                    return (int) found;
                }
                found = index.next(bucket, hash, (int) (found >>> 32) + 1);
            }
            return 0;
        }

        @Override
        public long find(long addresses, long transport) {
            int number = number(FlowKey.hash(addresses, transport), addresses, transport);
            return number == 0 ? 0 : NativeMemory.getLong(record(number) + VALUE);
        }

        @Override
        public void put(long addresses, long transport, long value) {
            int number = free[--freeCount];
            long record = record(number);
            NativeMemory.setLong(record, addresses);
            NativeMemory.setLong(record + TRANSPORT, transport);
            NativeMemory.setLong(record + VALUE, value);
            if (index.insert(FlowKey.hash(addresses, transport), number, keys) != 0) {
                throw new IllegalStateException("not inserted");
            }
        }

        private boolean sameKey(int number, int other) {
            return NativeMemory.getLong(record(number)) == NativeMemory.getLong(record(other))
                    && NativeMemory.getLong(record(number) + TRANSPORT)
                            == NativeMemory.getLong(record(other) + TRANSPORT);
        }

        @Override
        public void remove(long addresses, long transport) {
            long hash = FlowKey.hash(addresses, transport);
            int number = number(hash, addresses, transport);
            if (!index.remove(hash, number)) {
                throw new IllegalStateException("not there");
            }
            free[freeCount++] = number;
        }

        @Override
        public void close() {
            memory.close();
            store.close();
        }
    }
}

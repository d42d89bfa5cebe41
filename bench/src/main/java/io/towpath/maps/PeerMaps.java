package io.towpath.maps;

import io.towpath.bench.FlowKey;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.collections.Object2ObjectHashMap;
import org.jctools.maps.NonBlockingHashMapLong;

/** Maps of the Java world as {@link FlowMap}s, each used the way its users do. They grow to their size before they are measured. */
final class PeerMaps {
    private PeerMaps() {}

    /** A key. Its hash is as good as that of the others, not the one that records come with. */
    private record Tuple(long addresses, long transport) {
        @Override
        public int hashCode() {
            return (int) FlowKey.hash(addresses, transport);
        }
    }

    /** What is remembered of a flow; it has the tuple for maps that have not. */
    private record Flow(long addresses, long transport, long value) {
        /** Returns the value of what a hash led to, 0 if that is nothing or another flow. */
        static long valueOf(Flow found, long addresses, long transport) {
            return found != null && found.addresses == addresses && found.transport == transport ? found.value : 0;
        }

        static long valueOf(Flow found) {
            return found == null ? 0 : found.value;
        }
    }

    static final class ConcurrentByHash implements FlowMap {
        private final Map<Long, Flow> map;

        ConcurrentByHash(int flows) {
            map = new ConcurrentHashMap<>(flows);
        }

        @Override
        public long find(long addresses, long transport) {
            return Flow.valueOf(map.get(FlowKey.hash(addresses, transport)), addresses, transport);
        }

        @Override
        public void put(long addresses, long transport, long value) {
            map.put(FlowKey.hash(addresses, transport), new Flow(addresses, transport, value));
        }

        @Override
        public void remove(long addresses, long transport) {
            map.remove(FlowKey.hash(addresses, transport));
        }
    }

    static final class AgronaNumbersByHash implements FlowMap {
        private final Long2LongHashMap map = new Long2LongHashMap(0);

        @Override
        public long find(long addresses, long transport) {
            return map.get(FlowKey.hash(addresses, transport));
        }

        @Override
        public void put(long addresses, long transport, long value) {
            map.put(FlowKey.hash(addresses, transport), value);
        }

        @Override
        public void remove(long addresses, long transport) {
            map.remove(FlowKey.hash(addresses, transport));
        }
    }

    static final class AgronaByHash implements FlowMap {
        private final Long2ObjectHashMap<Flow> map = new Long2ObjectHashMap<>();

        @Override
        public long find(long addresses, long transport) {
            return Flow.valueOf(map.get(FlowKey.hash(addresses, transport)), addresses, transport);
        }

        @Override
        public void put(long addresses, long transport, long value) {
            map.put(FlowKey.hash(addresses, transport), new Flow(addresses, transport, value));
        }

        @Override
        public void remove(long addresses, long transport) {
            map.remove(FlowKey.hash(addresses, transport));
        }
    }

    static final class NonBlockingByHash implements FlowMap {
        private final NonBlockingHashMapLong<Flow> map;

        NonBlockingByHash(int flows) {
            map = new NonBlockingHashMapLong<>(flows);
        }

        @Override
        public long find(long addresses, long transport) {
            return Flow.valueOf(map.get(FlowKey.hash(addresses, transport)), addresses, transport);
        }

        @Override
        public void put(long addresses, long transport, long value) {
            map.put(FlowKey.hash(addresses, transport), new Flow(addresses, transport, value));
        }

        @Override
        public void remove(long addresses, long transport) {
            map.remove(FlowKey.hash(addresses, transport));
        }
    }

    /** Any map of objects. The key is made for each operation. */
    static final class ByTuple implements FlowMap {
        private final Map<Tuple, Flow> map;

        private ByTuple(Map<Tuple, Flow> map) {
            this.map = map;
        }

        static ByTuple concurrent(int flows) {
            return new ByTuple(new ConcurrentHashMap<>(flows));
        }

        static ByTuple agrona() {
            return new ByTuple(new Object2ObjectHashMap<>());
        }

        static ByTuple plain(int flows) {
            return new ByTuple(HashMap.newHashMap(flows));
        }

        @Override
        public long find(long addresses, long transport) {
            return Flow.valueOf(map.get(new Tuple(addresses, transport)));
        }

        @Override
        public void put(long addresses, long transport, long value) {
            map.put(new Tuple(addresses, transport), new Flow(addresses, transport, value));
        }

        @Override
        public void remove(long addresses, long transport) {
            map.remove(new Tuple(addresses, transport));
        }
    }

    /** A map behind a lock. */
    static final class Locked implements FlowMap {
        private final ReentrantLock lock = new ReentrantLock();
        private final ByTuple map;

        Locked(ByTuple map) {
            this.map = map;
        }

        @Override
        public long find(long addresses, long transport) {
            lock.lock();
            try {
                return map.find(addresses, transport);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void put(long addresses, long transport, long value) {
            lock.lock();
            try {
                map.put(addresses, transport, value);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void remove(long addresses, long transport) {
            lock.lock();
            try {
                map.remove(addresses, transport);
            } finally {
                lock.unlock();
            }
        }
    }
}

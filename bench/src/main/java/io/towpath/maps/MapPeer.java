package io.towpath.maps;

/**
 * The maps, and what of the key they hold. A map of Java with {@code long} keys cannot hold a five-tuple: it has the 64-bit hash, and the
 * flow's tuple is compared in the object that is found.
 */
public enum MapPeer {
    /** Three words to one, all of them compared; any number of readers. Native memory. */
    WORD_MAP,
    /** Hash to a number of a record with the tuple, which is compared; any number of readers and writers. Native memory. */
    SHARED_INDEX,
    /** Hash to object with the tuple, which is compared. The hash is boxed for each operation. */
    CONCURRENT_HASH_MAP_LONG,
    /** Tuple, a record made for each operation, to object. */
    CONCURRENT_HASH_MAP_TUPLE,
    /** Hash to number: nothing is compared, so two flows of one hash would be mistaken for each other. One thread only. */
    AGRONA_LONG_2_LONG,
    /** Hash to object with the tuple, which is compared. One thread only. */
    AGRONA_LONG_2_OBJECT,
    /** Tuple, a record made for each operation, to object. One thread only. */
    AGRONA_OBJECT_2_OBJECT,
    /** JCTools' NonBlockingHashMapLong: hash to object with the tuple, which is compared. */
    NON_BLOCKING_HASH_MAP_LONG,
    /** The JDK's HashMap behind a ReentrantLock: tuple, a record made for each operation, to object. */
    LOCKED_HASH_MAP;

    /** @param flows it has room for, or grows to */
    FlowMap create(int flows) {
        return switch (this) {
            case WORD_MAP -> new OwnMaps.OfWords(flows);
            case SHARED_INDEX -> new OwnMaps.OfRecords(flows);
            case CONCURRENT_HASH_MAP_LONG -> new PeerMaps.ConcurrentByHash(flows);
            case CONCURRENT_HASH_MAP_TUPLE -> PeerMaps.ByTuple.concurrent(flows);
            case AGRONA_LONG_2_LONG -> new PeerMaps.AgronaNumbersByHash();
            case AGRONA_LONG_2_OBJECT -> new PeerMaps.AgronaByHash();
            case AGRONA_OBJECT_2_OBJECT -> PeerMaps.ByTuple.agrona();
            case NON_BLOCKING_HASH_MAP_LONG -> new PeerMaps.NonBlockingByHash(flows);
            case LOCKED_HASH_MAP -> new PeerMaps.Locked(PeerMaps.ByTuple.plain(flows));
        };
    }
}

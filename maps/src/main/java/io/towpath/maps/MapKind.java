package io.towpath.maps;

/** Kinds of maps; the number stands in a region's header, so new kinds are added at the end. */
public enum MapKind {
    /** {@link WordMap}. */
    HASH,
    /** {@link LpmMap}. */
    LPM,
    /** {@link BlockStore}. */
    BLOCKS,
    /** {@link RecordMap}. */
    ARRAY,
    /** {@link CounterMap}. */
    COUNTERS,
    /** {@link SharedIndex}. */
    SHARED_INDEX
}

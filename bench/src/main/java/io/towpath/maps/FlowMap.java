package io.towpath.maps;

/** A map from five-tuples of IPv4 flows, in two words, to a positive number, made of one of many maps. One thread. */
interface FlowMap extends AutoCloseable {
    /** Returns the number, 0 where there is none. */
    long find(long addresses, long transport);

    /** Enters a flow that is not there. */
    void put(long addresses, long transport, long value);

    /** Removes a flow that is there. */
    void remove(long addresses, long transport);

    @Override
    default void close() {}
}

package io.towpath.dataplane.control;

import java.io.IOException;
import java.util.function.Consumer;

/** Where Kubernetes objects come from. Losing the source never stops the packets: what it told last stays. Control thread only. */
public interface ClusterSource extends AutoCloseable {
    /**
     * Tells what changed, without blocking.
     *
     * @return whether the desired state is to be worked out anew. Until a source knows the cluster it tells nothing and returns false; once it
     *     does, it returns true even if there are no objects at all
     */
    boolean poll(ClusterEvents events);

    /**
     * Returns when the oldest change of the last {@link #poll} that told something was heard of, of System.nanoTime; 0 where that was not
     * about changes but about the cluster as it was found.
     */
    long oldestReceivedNs();

    /** Has an action run, on any thread, whenever there may be something to {@link #poll}. Before the first poll, once. */
    void onNews(Runnable action);

    /** Returns how it stands. Any thread. */
    SourceStatus status();

    /** Lets the cluster know what is wrong with one of its objects, where it can be told. Never blocks; may be lost. */
    default void report(ObjectWarning warning) {}

    @Override
    void close();

    /** Opens a source. */
    @FunctionalInterface
    interface Opener {
        /**
         * @param nodeName name of the Node object that is this node
         * @param log gets one line for each thing that is to be known
         */
        ClusterSource open(String nodeName, Consumer<String> log) throws IOException;
    }
}

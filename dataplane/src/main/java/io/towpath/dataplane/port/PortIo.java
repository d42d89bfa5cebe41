package io.towpath.dataplane.port;

/** What the ports of one worker have in common on their way to the kernel. Owner worker only, but for {@link #close}. */
public interface PortIo extends AutoCloseable {
    /** On the worker's thread, before anything else. */
    void start();

    /** Has the kernel send what ports flushed, and takes what it received meanwhile. Never blocks. */
    void submit(Port.Outcome outcome);

    /** Blocks until frames come or somebody wakes the worker. Returns false if neither happened within the time. */
    boolean await(int timeoutMs, Port.Outcome outcome);

    /** On the worker's thread, after everything else. */
    void stop();

    /** When the worker's thread has ended. */
    @Override
    void close();
}

package io.towpath.dataplane.port;

import io.towpath.linux.EventFd;
import io.towpath.linux.Poll;
import java.util.List;

/** The way without io_uring: ports read and write on their own, and a worker waits by {@code poll}. */
public final class PollIo implements PortIo {
    private final List<TapPort> ports;
    private final EventFd wakeUp;
    private final Poll poll;

    public PollIo(List<TapPort> ports, EventFd wakeUp) {
        this.ports = List.copyOf(ports);
        this.wakeUp = wakeUp;
        int[] descriptors = new int[ports.size() + 1];
        descriptors[ports.size()] = wakeUp.number();
        this.poll = new Poll(descriptors);
    }

    @Override
    public void start() {
        // Descriptors belong to no thread.
    }

    @Override
    public void submit(Port.Outcome outcome) {
        // Writes are done as ports flush.
    }

    @Override
    public boolean await(int timeoutMs, Port.Outcome outcome) {
        for (int i = 0; i < ports.size(); i++) {
            poll.set(i, ports.get(i).pollDescriptor());
        }
        int ready = poll.await(timeoutMs);
        if (ready > 0 && poll.isReadable(ports.size())) {
            wakeUp.drain();
        }
        return ready != 0;
    }

    @Override
    public void stop() {
        // Nothing is in flight between two calls.
    }

    @Override
    public void close() {
        poll.close();
    }
}

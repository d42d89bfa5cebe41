package io.towpath.dataplane.port;

import io.netty.channel.IoEventLoop;
import java.util.List;

/** Ports on a Netty event loop, which submits and waits by itself. */
public final class LoopIo implements PortIo {
    private final List<NettyTapPort> ports;
    private final IoEventLoop loop;
    private final Runnable portClosed;

    /** @param portClosed run on the event loop for each port that has nothing in flight any more, after its end */
    public LoopIo(List<NettyTapPort> ports, IoEventLoop loop, Runnable portClosed) {
        this.ports = List.copyOf(ports);
        this.loop = loop;
        this.portClosed = portClosed;
    }

    @Override
    public void start() {
        ports.forEach(port -> port.open(loop, portClosed));
    }

    @Override
    public void submit(Port.Outcome outcome) {
        // The event loop does, before it waits.
    }

    @Override
    public boolean await(int timeoutMs, Port.Outcome outcome) {
        throw new UnsupportedOperationException("the event loop waits");
    }

    @Override
    public void stop() {
        // Its ports are closed, or the worker would not end.
    }

    @Override
    public void close() {
        // Nothing beside the ports.
    }
}

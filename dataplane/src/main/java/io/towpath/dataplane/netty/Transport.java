package io.towpath.dataplane.netty;

import io.netty.channel.ChannelFactory;
import io.netty.channel.DefaultChannelId;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What Netty's channels run on: io_uring where this kernel lets us use it, else NIO. */
public record Transport(
        String name,
        Supplier<IoHandlerFactory> handlers,
        ChannelFactory<ServerChannel> servers,
        ChannelFactory<SocketChannel> clients,
        ChannelFactory<DatagramChannel> datagrams) {
    /** A transport with one event loop on it. */
    public record Running(Transport transport, EventLoopGroup group) {}

    /** The better one of those that work here. */
    public static Transport best() {
        DefaultChannelId.newInstance(); // looks for a network interface: here, not later in a namespace without any
        return IoUring.isAvailable() ? ioUring() : nio();
    }

    /**
     * Starts the better one of those that work here.
     *
     * @param log told why it is not io_uring
     */
    public static Running start(ThreadFactory threads, Consumer<String> log) {
        return IoUringUse.orElse(() -> ioUring().start(threads), () -> nio().start(threads), log);
    }

    private static Transport ioUring() {
        return new Transport(
                "io_uring",
                IoUringIoHandler::newFactory,
                IoUringServerSocketChannel::new,
                IoUringSocketChannel::new,
                IoUringDatagramChannel::new);
    }

    private static Transport nio() {
        return new Transport(
                "NIO",
                NioIoHandler::newFactory,
                NioServerSocketChannel::new,
                NioSocketChannel::new,
                NioDatagramChannel::new);
    }

    private Running start(ThreadFactory threads) {
        return new Running(this, newGroup(threads));
    }

    /** One event loop on a thread of that factory. */
    public EventLoopGroup newGroup(ThreadFactory threads) {
        return new MultiThreadIoEventLoopGroup(1, threads, handlers.get());
    }
}

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
import java.util.function.Supplier;

/** What Netty's channels run on: io_uring where this kernel lets us use it, else NIO. */
public record Transport(
        String name,
        Supplier<IoHandlerFactory> handlers,
        ChannelFactory<ServerChannel> servers,
        ChannelFactory<SocketChannel> clients,
        ChannelFactory<DatagramChannel> datagrams) {
    /** The better one of those that work here. */
    public static Transport best() {
        DefaultChannelId.newInstance(); // looks for a network interface: here, not later in a namespace without any
        return IoUring.isAvailable()
                ? new Transport(
                        "io_uring",
                        IoUringIoHandler::newFactory,
                        IoUringServerSocketChannel::new,
                        IoUringSocketChannel::new,
                        IoUringDatagramChannel::new)
                : new Transport(
                        "NIO",
                        NioIoHandler::newFactory,
                        NioServerSocketChannel::new,
                        NioSocketChannel::new,
                        NioDatagramChannel::new);
    }

    /** One event loop on a thread of that factory. */
    public EventLoopGroup newGroup(ThreadFactory threads) {
        return new MultiThreadIoEventLoopGroup(1, threads, handlers.get());
    }
}

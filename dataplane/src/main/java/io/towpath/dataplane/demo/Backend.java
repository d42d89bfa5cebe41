package io.towpath.dataplane.demo;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.towpath.dataplane.netty.Transport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The servers of one backend: HTTP, UDP echo and a sink for bulk streams, all in its namespace. */
public final class Backend implements AutoCloseable {
    /** The response header that tells which backend answered. */
    public static final String NAME_HEADER = "x-backend";
    /** The response header with the client's address as the backend saw it. */
    public static final String CLIENT_HEADER = "x-client";

    private static final int BACKLOG_CONNECTIONS = 4096;

    private final List<Channel> channels = new ArrayList<>();
    private final BulkSink sink;

    private Backend(BulkSink sink) {
        this.sink = sink;
    }

    /** Starts a backend's servers; the channels run on {@code group}, which may be shared. */
    public static Backend start(String name, Namespace namespace, Transport transport, EventLoopGroup group)
            throws Exception {
        return namespace.call(() -> {
            Backend backend = new Backend(BulkSink.start(name, Plan.BULK_PORT));
            try {
                backend.bind(startHttp(name, transport, group, Plan.WEB_BACKEND_PORT));
                backend.bind(startEcho(name, transport, group, Plan.ECHO_BACKEND_PORT));
            } catch (Exception e) {
                backend.close();
                throw e;
            }

            return backend;
        });
    }

    /** Binds an HTTP server whose answers tell the backend's name and the client's address. */
    public static ChannelFuture startHttp(String name, Transport transport, EventLoopGroup group, int port) {
        HttpAnswer answer = new HttpAnswer(name);

        return new ServerBootstrap()
                .group(group)
                .channelFactory(transport.servers())
                .option(ChannelOption.SO_BACKLOG, BACKLOG_CONNECTIONS)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline()
                                .addLast(new HttpServerCodec())
                                .addLast(new HttpServerKeepAliveHandler())
                                .addLast(answer);
                    }
                })
                .bind(port);
    }

    private static ChannelFuture startEcho(String name, Transport transport, EventLoopGroup group, int port) {
        return new Bootstrap()
                .group(group)
                .channelFactory(transport.datagrams())
                .handler(new EchoAnswer(name))
                .bind(port);
    }

    private void bind(ChannelFuture future) throws InterruptedException {
        channels.add(future.sync().channel());
    }

    @Override
    public void close() throws IOException {
        sink.close();
        for (Channel channel : channels) {
            channel.close().syncUninterruptibly();
        }
    }

    @Sharable
    private static final class HttpAnswer extends SimpleChannelInboundHandler<HttpObject> {
        private final String name;

        HttpAnswer(String name) {
            this.name = name;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
            if (!(part instanceof LastHttpContent)) {
                return;
            }
            InetSocketAddress client = (InetSocketAddress) context.channel().remoteAddress();
            String address = client.getAddress().getHostAddress();
            ByteBuf body =
                    Unpooled.copiedBuffer("hello from " + name + " to " + address + "\n", StandardCharsets.US_ASCII);
            FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, body);
            response.headers()
                    .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes())
                    .set(NAME_HEADER, name)
                    .set(CLIENT_HEADER, address);
            var _ = context.writeAndFlush(response, context.voidPromise());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            var _ = context.close(); // the client went away; it counts that as a failure where it is one
        }
    }

    @Sharable
    private static final class EchoAnswer extends SimpleChannelInboundHandler<DatagramPacket> {
        private final byte[] prefix;

        EchoAnswer(String name) {
            prefix = (name + " ").getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramPacket datagram) {
            ByteBuf answer = context.alloc()
                    .buffer(prefix.length + datagram.content().readableBytes())
                    .writeBytes(prefix)
                    .writeBytes(datagram.content());
            var _ = context.writeAndFlush(new DatagramPacket(answer, datagram.sender()), context.voidPromise());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            // A port-unreachable answer to an earlier datagram: the socket serves on.
        }
    }
}

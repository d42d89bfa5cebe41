package io.towpath.dataplane.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.towpath.dataplane.netty.Transport;
import io.towpath.wire.Address;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * HTTP servers for probes and scrapes, all on one thread of their own, which starts with the first of them. Opened and closed by the control thread.
 */
public final class HttpServer implements Listeners, AutoCloseable {
    private static final int BACKLOG_CONNECTIONS = 128;
    /** Requests here have no body to speak of. */
    private static final int REQUEST_LIMIT_BYTES = 4096;
    /** A client that says nothing for so long is cut off, that it may not hold a descriptor for ever. */
    private static final int IDLE_LIMIT_S = 30;

    private final String threadName;
    private final Consumer<String> log;
    private Transport transport;
    private EventLoopGroup group;

    /** @param log told why the servers do not run on io_uring, where that is so */
    public HttpServer(String threadName, Consumer<String> log) {
        this.threadName = threadName;
        this.log = log;
    }

    @Override
    public Listener listen(Address address, int port, Handler handler) throws IOException {
        if (group == null) {
            Transport.Running running = Transport.start(new DefaultThreadFactory(threadName, true), log);
            transport = running.transport();
            group = running.group();
        }
        ChannelFuture bound = new ServerBootstrap()
                .group(group)
                .channelFactory(transport.servers())
                .option(ChannelOption.SO_BACKLOG, BACKLOG_CONNECTIONS)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline()
                                .addLast(new ReadTimeoutHandler(IDLE_LIMIT_S))
                                .addLast(new HttpServerCodec())
                                .addLast(new HttpServerKeepAliveHandler())
                                .addLast(new HttpObjectAggregator(REQUEST_LIMIT_BYTES))
                                .addLast(new Answerer(handler));
                    }
                })
                .bind(new InetSocketAddress(InetAddress.ofLiteral(address.toString()), port))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(bound.cause().getMessage(), bound.cause());
        }
        return new BoundListener(bound.channel());
    }

    private record BoundListener(Channel channel) implements Listener {
        @Override
        public int port() {
            return ((InetSocketAddress) channel.localAddress()).getPort();
        }

        @Override
        public void close() {
            channel.close().syncUninterruptibly();
        }
    }

    private static final class Answerer extends SimpleChannelInboundHandler<FullHttpRequest> {
        private final Handler handler;

        Answerer(Handler handler) {
            this.handler = handler;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            InetSocketAddress local = (InetSocketAddress) context.channel().localAddress();
            String path = request.uri().replaceFirst("\\?.*", "");
            HttpAnswer answer = handler.answer(path, local.getAddress() instanceof Inet6Address);
            if (answer == null) {
                var _ = context.close();
                return;
            }
            FullHttpResponse response = new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1,
                    HttpResponseStatus.valueOf(answer.status()),
                    Unpooled.copiedBuffer(answer.body(), StandardCharsets.UTF_8));
            answer.headers().forEach(response.headers()::set);
            response.headers()
                    .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes());
            var _ = context.writeAndFlush(response, context.voidPromise());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            var _ = context.close(); // the client went away or talks no HTTP
        }
    }

    /** Ends the thread; servers must be closed before. */
    @Override
    public void close() {
        if (group != null) {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }
}

package io.towpath.example;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.towpath.dataplane.control.ManifestDirectory;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.engine.Engine;
import io.towpath.dataplane.engine.EngineConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * A service of somebody else's that answers HTTP and has a data plane inside: packets of Kubernetes Services go through the event loops
 * that its own connections are on. {@code docs/embedding.md} explains it.
 */
public final class EmbeddedService implements AutoCloseable {
    private static final int REQUEST_BYTES_MAX = 64 * 1024;

    private final IoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, IoUringIoHandler.newFactory());
    private final Channel server;
    private final Engine engine;

    /**
     * @param config as {@code towpath run --config} takes it; each of its workers gets the group's next event loop
     * @param manifests directory of Services and EndpointSlices
     */
    public EmbeddedService(Path config, Path manifests, Consumer<String> log) throws Exception {
        server = new ServerBootstrap()
                .group(loops)
                .channel(IoUringServerSocketChannel.class)
                .childHandler(new Pages())
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        EngineConfig engineConfig = EngineConfig.read(config);
        ProxyConfig proxyConfig = ProxyConfig.defaults().withClusterCidrs(engineConfig.clusterCidrs());
        engine = new Engine(
                engineConfig, proxyConfig, (_, engineLog) -> new ManifestDirectory(manifests, engineLog), loops, log);
        engine.start();
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) server.localAddress();
    }

    /** The engine goes first: it takes its frames back from the event loops. */
    @Override
    public void close() {
        engine.close();
        loops.shutdownGracefully().syncUninterruptibly();
    }

    private static final class Pages extends ChannelInitializer<SocketChannel> {
        @Override
        protected void initChannel(SocketChannel channel) {
            channel.pipeline().addLast(new HttpServerCodec(), new HttpObjectAggregator(REQUEST_BYTES_MAX), new Page());
        }
    }

    private static final class Page extends SimpleChannelInboundHandler<FullHttpRequest> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            byte[] text = ("on " + Thread.currentThread().getName() + "\n").getBytes(StandardCharsets.UTF_8);
            context.writeAndFlush(new DefaultFullHttpResponse(
                            HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.wrappedBuffer(text)))
                    .addListener(ChannelFutureListener.CLOSE);
        }
    }
}

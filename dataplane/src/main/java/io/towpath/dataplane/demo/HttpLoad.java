package io.towpath.dataplane.demo;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.towpath.dataplane.netty.Transport;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * HTTP requests from many client addresses, over connections that are kept alive and over connections for one request.
 * A lane does one request after the other; its connections follow a cycle: one that is kept alive, then some with one
 * request each. Everything runs on one event loop, whose thread is in the client's namespace.
 */
public final class HttpLoad {
    private static final int KEPT_ALIVE_REQUESTS = 16;
    private static final int ONE_SHOT_CONNECTIONS = 4;
    private static final int CONNECT_LIMIT_MS = 5_000;
    private static final long ANSWER_LIMIT_NS = TimeUnit.SECONDS.toNanos(10);
    /** Lanes give up when so many requests failed, or their first two each: the Service does not work. */
    private static final int HOPELESS_FAILURES = 1_000;

    /** A way to the Service: how it is shown and where it is. */
    public record Target(String label, InetSocketAddress address) {
        boolean isIpv6() {
            return address.getAddress() instanceof Inet6Address;
        }
    }

    /**
     * What to send.
     *
     * @param targets taken in turn, one a connection
     * @param clientAddresses4 sources of connections to IPv4 targets, taken in turn; empty: the system chooses
     * @param requests in all
     * @param lanes requests at a time
     */
    public record Work(
            List<Target> targets,
            List<InetAddress> clientAddresses4,
            List<InetAddress> clientAddresses6,
            int requests,
            int lanes) {}

    private final Work work;
    private final HttpReport report;
    private final Transport transport;
    private final EventLoopGroup group;
    private final CompletableFuture<HttpReport> ended = new CompletableFuture<>();
    // The rest belongs to the event loop.
    private int requestsBegun;
    private int connectionsBegun;
    private int lanesRunning;

    private HttpLoad(Work work, Transport transport, EventLoopGroup group) {
        this.work = work;
        this.transport = transport;
        this.group = group;
        report = new HttpReport(work.targets());
    }

    /** Does the work on a thread of that factory and waits for the end. */
    public static HttpReport run(Work work, Transport transport, ThreadFactory threads) throws Exception {
        EventLoopGroup group = transport.newGroup(threads);
        try {
            HttpLoad load = new HttpLoad(work, transport, group);
            long startNs = System.nanoTime();
            group.execute(load::begin);
            HttpReport report = load.ended.get();
            report.onEnd(System.nanoTime() - startNs);

            return report;
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    private void begin() {
        lanesRunning = work.lanes();
        for (int i = 0; i < work.lanes(); i++) {
            new Lane(i).next();
        }
    }

    private void onLaneEnd() {
        if (--lanesRunning == 0) {
            ended.complete(report);
        }
    }

    private boolean isDone() {
        long failures = report.all().failures();
        boolean isHopeless =
                failures >= HOPELESS_FAILURES || (report.all().requests() == 0 && failures >= 2L * work.lanes());

        return requestsBegun >= work.requests() || isHopeless;
    }

    private InetSocketAddress source(Target target, int connection) {
        List<InetAddress> addresses = target.isIpv6() ? work.clientAddresses6() : work.clientAddresses4();

        return addresses.isEmpty()
                ? null
                : new InetSocketAddress(
                        addresses.get(connection / work.targets().size() % addresses.size()), 0);
    }

    /** One request at a time, over one connection after the other. */
    private final class Lane {
        private int cycle;

        Lane(int number) {
            cycle = number; // lanes begin at different places of the cycle
        }

        void next() {
            if (isDone()) {
                onLaneEnd();

                return;
            }
            int connection = connectionsBegun++;
            int target = connection % work.targets().size();
            boolean isKeptAlive = cycle++ % (ONE_SHOT_CONNECTIONS + 1) == 0;
            Connection handler = new Connection(this, target, isKeptAlive ? KEPT_ALIVE_REQUESTS : 1);
            requestsBegun++;
            InetSocketAddress to = work.targets().get(target).address();
            ChannelFuture connecting = new Bootstrap()
                    .group(group)
                    .channelFactory(transport.clients())
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_LIMIT_MS)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .handler(new ChannelInitializer<SocketChannel>() {
                        @Override
                        protected void initChannel(SocketChannel channel) {
                            channel.pipeline().addLast(new HttpClientCodec()).addLast(handler);
                        }
                    })
                    .connect(to, source(work.targets().get(target), connection));
            connecting.addListener(_ -> {
                if (!connecting.isSuccess()) {
                    handler.end("connect: " + describe(connecting.cause()));
                }
            });
        }
    }

    /** What is worth counting: without the address behind it and the system call before it. */
    private static String describe(Throwable cause) {
        String text = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        int address = text.indexOf(": /");
        String what = address < 0 ? text : text.substring(0, address);

        return what.substring(what.lastIndexOf(": ") + 1).strip();
    }

    /** One connection of a lane; hands the lane on when it is closed. */
    private final class Connection extends SimpleChannelInboundHandler<HttpObject> {
        private final Lane lane;
        private final int target;
        private int left;
        private long requestAtNs = System.nanoTime();
        private boolean isFirst = true;
        private boolean isWaiting = true;
        private boolean isEnded;
        private HttpResponse head;

        Connection(Lane lane, int target, int requests) {
            this.lane = lane;
            this.target = target;
            left = requests;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            send(context.channel());
            watch(context.channel());
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
            if (part instanceof HttpResponse response) {
                head = response;
            }
            if (part instanceof LastHttpContent) {
                onAnswer(context.channel());
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            end(isWaiting ? "closed before the answer" : null);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            end(isWaiting ? describe(cause) : null);
            var _ = context.close();
        }

        private void onAnswer(Channel channel) {
            long latencyNs = System.nanoTime() - requestAtNs;
            isWaiting = false;
            String backend = head.headers().get(Backend.NAME_HEADER, "?");
            if (head.status().equals(HttpResponseStatus.OK)) {
                report.onAnswer(target, backend, head.headers().get(Backend.CLIENT_HEADER, "?"), latencyNs, isFirst);
            } else {
                report.onFailure(target, "status " + head.status());
            }
            isFirst = false;
            if (left > 0 && !isDone()) {
                requestsBegun++;
                requestAtNs = System.nanoTime();
                send(channel);
            } else if (left > 0) {
                var _ = channel.close(); // all requests are begun: nothing is left for this connection
            }
        }

        private void send(Channel channel) {
            isWaiting = true;
            left--;
            FullHttpRequest request = new DefaultFullHttpRequest(
                    HttpVersion.HTTP_1_1,
                    HttpMethod.GET,
                    "/",
                    Unpooled.EMPTY_BUFFER,
                    DefaultHttpHeadersFactory.headersFactory(),
                    DefaultHttpHeadersFactory.trailersFactory());
            request.headers().set(HttpHeaderNames.HOST, "web");
            if (left == 0) {
                request.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
            }
            var _ = channel.writeAndFlush(request, channel.voidPromise());
        }

        /** Ends a connection whose answer, or end, does not come. */
        private void watch(Channel channel) {
            var _ = channel.eventLoop()
                    .schedule(
                            () -> {
                                if (isEnded) {
                                    return;
                                }
                                if (System.nanoTime() - requestAtNs < ANSWER_LIMIT_NS) {
                                    watch(channel);
                                } else {
                                    end(isWaiting ? "no answer in time" : "not closed in time");
                                    var _ = channel.close();
                                }
                            },
                            1,
                            TimeUnit.SECONDS);
        }

        /** Hands the lane on, once. */
        void end(String failure) {
            if (isEnded) {
                return;
            }
            isEnded = true;
            if (failure == null) {
                lane.next();

                return;
            }
            report.onFailure(target, failure);
            group.execute(lane::next); // not from here: connections that fail at once would nest
        }
    }
}

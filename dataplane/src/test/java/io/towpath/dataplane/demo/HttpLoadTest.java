package io.towpath.dataplane.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.towpath.dataplane.netty.Transport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The load and the servers against each other, without an engine between them. */
final class HttpLoadTest {
    private final Transport transport = Transport.best();
    private EventLoopGroup servers;

    @BeforeEach
    void open() {
        servers = transport.newGroup(new DefaultThreadFactory("servers", true));
    }

    @AfterEach
    void close() throws InterruptedException {
        servers.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }

    @Test
    void shouldCountEveryRequestByTargetBackendAndClient() throws Exception {
        List<HttpLoad.Target> targets = List.of(target("one"), target("two"));
        List<InetAddress> clients = List.of(InetAddress.getByName("127.0.0.2"), InetAddress.getByName("127.0.0.3"));

        HttpReport report = run(new HttpLoad.Work(targets, clients, List.of(), 500, 4));

        assertEquals(500, report.all().requests());
        assertEquals(Map.of(), report.causes());
        assertEquals(Set.of("one", "two"), report.backends().keySet());
        for (HttpReport.Line line : report.targets()) {
            HttpReport.Line backend = report.backends().get(line.label());
            assertEquals(line.requests(), backend.requests());
            assertEquals(line.connections(), backend.connections());
            assertEquals(line.requests(), line.latencyNs().getTotalCount());
        }
        assertEquals(Set.of("127.0.0.2", "127.0.0.3"), report.clients().keySet());
        // Cycles of 1 connection with 16 requests and 4 with 1 make 125; lanes begin and end within one.
        long connections = report.all().connections();
        assertTrue(connections >= 100 && connections <= 150, connections + " connections");
    }

    @Test
    void shouldReportFailuresAndGiveUpWhenNothingAnswers() throws Exception {
        HttpLoad.Target nobody;
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(Plan.at("127.0.0.1", 0));
            nobody = new HttpLoad.Target("nobody", Plan.at("127.0.0.1", taken.getLocalPort()));
        }

        HttpReport report = run(new HttpLoad.Work(List.of(nobody), List.of(), List.of(), 100_000, 2));

        assertEquals(0, report.all().requests());
        assertTrue(report.all().failures() >= 4 && report.all().failures() < 100, report.causes()::toString);
        assertEquals(Set.of("connect: Connection refused"), report.causes().keySet());
    }

    private HttpLoad.Target target(String name) throws InterruptedException {
        Channel channel = Backend.startHttp(name, transport, servers, 0).sync().channel();
        int port = ((InetSocketAddress) channel.localAddress()).getPort();

        return new HttpLoad.Target(name, Plan.at("127.0.0.1", port));
    }

    private HttpReport run(HttpLoad.Work work) throws Exception {
        return HttpLoad.run(work, transport, new DefaultThreadFactory("load", true));
    }
}

package io.towpath.dataplane.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.e2e.EndToEnd;
import io.towpath.dataplane.e2e.Launcher;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A node changes from kube-proxy's rules to Towpath while connections are open. */
@EndToEnd
final class MigrationTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private record Open(SocketChannel channel, String answer) {}

    @Test
    void shouldKeepOpenConnectionsAndTakeNewOnes() throws Exception {
        Launcher.find();
        try (Cleanup cleanup = new Cleanup()) {
            Lab lab = Lab.create(Lab.Proxy.NFTABLES, cleanup);
            LabNode node = lab.network().node(1);
            LabConfig.write(lab.network(), LabService.all(lab.network()));
            List<Open> before = open(lab, cleanup);

            lab.startEngine(node).awaitReady(LIMIT);
            send(before);
            for (String family : List.of("ip", "ip6")) {
                LabNetwork.nft(node.host().namespace(), "delete table " + family + " kube-proxy\n");
            }
            send(before);
            List<Open> after = open(lab, cleanup);

            assertEnd(before, 3);
            assertEnd(after, 1);
        }
    }

    /** From a pod to a pod of its node and of another, and from the node itself: both families, one byte sent. */
    private static List<Open> open(Lab lab, Cleanup cleanup) throws Exception {
        List<Open> all = new ArrayList<>();
        LabNetwork network = lab.network();
        for (boolean v6 : new boolean[] {false, true}) {
            Namespace pod = network.pod(1, 1).namespace();
            all.add(open(cleanup, pod, lab.service("a2").clusterIp(v6), "a2"));
            all.add(open(cleanup, pod, lab.service("cluster").clusterIp(v6), "b1"));
            Namespace host = network.node(1).host().namespace();
            all.add(open(cleanup, host, lab.service("cluster").clusterIp(v6), "b1"));
        }
        return all;
    }

    private static Open open(Cleanup cleanup, Namespace from, String address, String backend) throws Exception {
        SocketChannel channel = cleanup.closeLater(from.call(SocketChannel::open));
        channel.socket().connect(new InetSocketAddress(address, LabService.BULK_PORT), (int) LIMIT.toMillis());
        channel.write(ByteBuffer.allocate(1));
        return new Open(channel, backend);
    }

    private static void send(List<Open> connections) throws Exception {
        for (Open open : connections) {
            open.channel().write(ByteBuffer.allocate(1));
        }
    }

    private static void assertEnd(List<Open> connections, int bytes) throws Exception {
        for (Open open : connections) {
            open.channel().shutdownOutput();
            open.channel().socket().setSoTimeout((int) LIMIT.toMillis());
            assertEquals(
                    open.answer() + " " + bytes + "\n",
                    new String(open.channel().socket().getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        }
    }
}

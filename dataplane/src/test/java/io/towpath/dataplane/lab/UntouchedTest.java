package io.towpath.dataplane.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.Counters;
import io.towpath.dataplane.demo.EngineProcess;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Programs;
import io.towpath.dataplane.e2e.EndToEnd;
import io.towpath.dataplane.e2e.Launcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Packets that concern no Service, seen at both ends, with Towpath on the nodes and without. */
@EndToEnd
final class UntouchedTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String[] SENDER = {"10.244.1.77", "fd44:0:0:1::77"};
    private static final String[] NEIGHBOR = {"10.244.1.78", "fd44:0:0:1::78"};
    private static final String[] REMOTE = {"10.244.2.77", "fd44:0:0:2::77"};
    private static final String[] OUTSIDE = {"198.51.100.9", "2001:db8:99::9"};

    private Cleanup cleanup;
    private Lab lab;
    private RawPod sender;
    private RawPod neighbor;
    private RawPod remote;
    private RawPod outside;

    @BeforeEach
    void open() throws Exception {
        Launcher.find();
        cleanup = new Cleanup();
        lab = Lab.create(Lab.Proxy.TOWPATH, cleanup);
        Namespace first = lab.network().node(1).host().namespace();
        Namespace client = lab.network().client().namespace();
        LabNetwork.in(client, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
        sender = plug(first, "sender", SENDER);
        neighbor = plug(first, "neighbor", NEIGHBOR);
        remote = plug(lab.network().node(2).host().namespace(), "remote", REMOTE);
        outside = plug(client, "outside", OUTSIDE);
        new LabChecks(lab.network(), lab.services(), true).warmUp();
    }

    private RawPod plug(Namespace host, String device, String... addresses) throws Exception {
        return cleanup.closeLater(RawPod.plug(host, device, addresses[0], addresses[1]));
    }

    @AfterEach
    void close() {
        cleanup.close();
    }

    @Test
    void shouldLeaveOtherTrafficBitForBitAsItIsWithoutTowpath() throws Exception {
        long before = forwarded();
        assertEquals(hopsLater(NEIGHBOR, 1), received(neighbor, NEIGHBOR), "pod to pod, same node");
        assertEquals(hopsLater(REMOTE, 2), received(remote, REMOTE), "pod to pod, other node");
        List<String> outsideWith = received(outside, OUTSIDE);
        assertEquals(before, forwarded(), "nothing of it passed the engines");

        for (LabNode node : lab.network().nodes()) {
            lab.engine(node).stop();
            assertEquals(0, removeFrom(node).exitCode());
        }

        assertEquals(received(outside, OUTSIDE), outsideWith, "pod to outside, masqueraded by the CNI plugin's rule");
        assertEquals(hopsLater(REMOTE, 2), received(remote, REMOTE), "the routers' part is as without Towpath");
    }

    private static List<String> hopsLater(String[] to, int hops) {
        List<String> expected = new ArrayList<>();
        for (int family = 0; family < 2; family++) {
            for (List<byte[]> group : AnyPackets.between(SENDER[family], to[family])) {
                group.forEach(packet -> expected.add(hex(AnyPackets.hopsLater(packet, hops))));
            }
        }
        return expected;
    }

    private List<String> received(RawPod receiver, String[] to) {
        List<String> received = new ArrayList<>();
        for (int family = 0; family < 2; family++) {
            for (List<byte[]> group : AnyPackets.between(SENDER[family], to[family])) {
                group.forEach(sender::send);
                receiver.receive(group.size()).forEach(packet -> received.add(hex(packet)));
            }
        }
        return received;
    }

    private static String hex(byte[] packet) {
        return HexFormat.of().formatHex(packet);
    }

    private long forwarded() throws Exception {
        long packets = 0;
        for (LabNode node : lab.network().nodes()) {
            packets +=
                    Counters.read(LabConfig.instance(lab.network().id(), node)).packets("forward");
        }
        return packets;
    }

    private Programs.Result removeFrom(LabNode node) throws Exception {
        List<String> command = EngineProcess.command(
                "node",
                "cleanup",
                "--config",
                LabConfig.config(lab.network().id(), node).toString());
        return Programs.run(LIMIT, node.host().namespace().command(command.toArray(String[]::new)));
    }
}

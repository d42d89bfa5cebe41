package io.towpath.dataplane.e2e;

import io.towpath.dataplane.demo.Namespace;
import java.time.Duration;
import java.util.List;

/** A link of 8 kbit/s behind a device: frames written to the device stay in the kernel for long, and count as its writer's memory. */
public final class SlowLink {
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private SlowLink() {}

    /** Bridges the device to one end, {@code slow}; what gets through comes out of the other, {@code far}. */
    public static void bridge(Namespace place, String device) throws Exception {
        for (String command : List.of(
                // A bridge that shows packets to IP's netfilter takes them off their writer's account.
                "sysctl -qew net.bridge.bridge-nf-call-iptables=0",
                "ip link add slow type veth peer name far",
                "ip link add bridge up type bridge",
                "tc qdisc add dev slow root tbf rate 8kbit burst 1600 limit 2000000",
                "ip link set slow master bridge up",
                "ip link set " + device + " master bridge up",
                "ip link set far up")) {
            RealPrograms.in(place, command.split(" "));
        }
        // The kernel lets a queue begin, and a bridge forward, some time after a link came up.
        RealPrograms.await("a link", LIMIT, () -> {
            String link = RealPrograms.in(place, "ip", "-d", "-o", "link", "show", "dev", "slow");
            return link.contains("state UP") && link.contains("state forwarding");
        });
    }
}

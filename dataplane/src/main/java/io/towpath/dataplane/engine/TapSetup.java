package io.towpath.dataplane.engine;

import io.towpath.dataplane.engine.EngineConfig.Interface;
import io.towpath.dataplane.engine.EngineConfig.PortConfig;
import io.towpath.linux.IpCommand;
import io.towpath.linux.LinuxException;
import io.towpath.linux.Tap;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes a port's TAP device and, where the configuration says so, moves it to its namespace and gives it addresses and routes. */
final class TapSetup {
    private TapSetup() {}

    static Tap open(PortConfig port, int queues) {
        if (!port.netns().isEmpty() && !Files.exists(Path.of("/run/netns", port.netns()))) {
            throw new LinuxException("port " + port.name() + ": no network namespace " + port.netns()
                    + ": make it with: ip netns add " + port.netns());
        }
        Tap tap = Tap.open(port.tap(), queues);
        try {
            configure(port);
            return tap;
        } catch (RuntimeException e) {
            tap.close();
            throw e;
        }
    }

    private static void configure(PortConfig port) {
        String netns = port.netns().isEmpty() ? null : port.netns();
        String device = port.tap();
        if (netns != null) {
            IpCommand.in(null, "link set dev " + device + " netns " + netns);
        }
        if (!port.rename().isEmpty()) {
            IpCommand.in(netns, "link set dev " + device + " name " + port.rename());
            device = port.rename();
        }
        IpCommand.in(netns, "link set dev " + device + " mtu " + port.mtu() + " up");
        for (Interface address : port.guestAddresses()) {
            String noDad = address.address().isIpv6() ? " nodad" : "";
            IpCommand.in(netns, "address add " + address.text() + " dev " + device + noDad);
        }
        if (!port.guestAddresses().isEmpty()) {
            for (boolean ipv6 : new boolean[] {false, true}) {
                for (Interface gateway : port.addresses()) {
                    if (gateway.address().isIpv6() == ipv6) {
                        String family = ipv6 ? "-6 " : "";
                        IpCommand.in(
                                netns, family + "route replace default via " + gateway.address() + " dev " + device);
                        break;
                    }
                }
            }
        }
    }
}

package io.towpath.dataplane.engine;

import io.towpath.dataplane.engine.EngineConfig.Interface;
import io.towpath.dataplane.engine.EngineConfig.PortConfig;
import io.towpath.linux.IpCommand;
import io.towpath.linux.LinuxException;
import io.towpath.linux.Tap;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Makes a port's TAP device and, where the configuration says so, moves it to its namespace and gives it addresses and routes. */
final class TapSetup {
    private TapSetup() {}

    /** Makes the device, or attaches to one that the user made, and sets it up. */
    static Tap open(PortConfig port, int queues) {
        if (!port.netns().isEmpty() && !Files.exists(Path.of("/run/netns", port.netns()))) {
            throw new LinuxException("port " + port.name() + ": no network namespace " + port.netns()
                    + ": make it with: ip netns add " + port.netns());
        }
        Tap tap = Tap.open(port.tap(), queues);
        try {
            List<String> commands = new ArrayList<>();
            if (!port.netns().isEmpty()) {
                IpCommand.in(null, "link set dev " + port.tap() + " netns " + port.netns());
            }
            if (!port.rename().isEmpty()) {
                commands.add("link set dev " + port.tap() + " name " + port.rename());
            }
            configure(port, commands);
            return tap;
        } catch (RuntimeException e) {
            tap.close();
            throw e;
        }
    }

    /** Attaches to the device that an earlier process made of the port, and brings it to what the configuration says now. */
    static Tap attach(PortConfig port, int queues) {
        TapDevice device = TapDevice.of(port);
        Tap tap = device.inNamespace(() -> Tap.open(device.name(), queues));
        try {
            configure(port, new ArrayList<>());
            return tap;
        } catch (RuntimeException e) {
            tap.close();
            throw e;
        }
    }

    /** Does the commands and then what may be done any number of times. */
    private static void configure(PortConfig port, List<String> commands) {
        TapDevice device = TapDevice.of(port);
        commands.add("link set dev " + device.name() + " mtu " + port.mtu() + " up");
        for (Interface address : port.guestAddresses()) {
            String noDad = address.address().isIpv6() ? " nodad" : "";
            commands.add("address replace " + address.text() + " dev " + device.name() + noDad);
        }
        if (!port.guestAddresses().isEmpty()) {
            for (boolean ipv6 : new boolean[] {false, true}) {
                port.addresses().stream()
                        .map(Interface::address)
                        .filter(gateway -> gateway.isIpv6() == ipv6)
                        .findFirst()
                        .ifPresent(gateway ->
                                commands.add("route replace default via " + gateway + " dev " + device.name()));
            }
        }
        IpCommand.batch(device.netns(), commands);
    }
}

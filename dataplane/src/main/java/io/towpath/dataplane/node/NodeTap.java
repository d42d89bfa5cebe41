package io.towpath.dataplane.node;

import io.towpath.linux.IpCommand;
import io.towpath.linux.LinuxException;
import java.util.List;

/** The host's side of the TAP. The engine makes the device; it goes when the engine ends. */
final class NodeTap implements Part {
    /** What a TAP takes at most: packets are cut, or refused, by the device that they leave the host by. */
    private static final int MTU = 65_521;

    private final String name;

    NodeTap(String name) {
        this.name = name;
    }

    @Override
    public List<Finding> check() {
        String line = show();
        boolean isOk = line.contains("NOARP") && line.contains(",UP") && line.contains("mtu " + MTU);
        String problem = line.isEmpty()
                ? "not there: is 'towpath run' running? (a repair does not make it)"
                : "not up, with ARP, or with another MTU than " + MTU + ": " + line;
        return List.of(Finding.of("device " + name, isOk, problem));
    }

    private String show() {
        try {
            return IpCommand.run("-o", "link", "show", "dev", name);
        } catch (LinuxException e) {
            return "";
        }
    }

    boolean isPresent() {
        return !show().isEmpty();
    }

    @Override
    public void apply() {
        // Without ARP every neighbor has the device's own MAC address: nobody needs to be asked, and the host takes
        // every frame as its own.
        IpCommand.run(
                "link", "set", "dev", name, "mtu", String.valueOf(MTU), "arp", "off", "addrgenmode", "none", "up");
    }

    @Override
    public void remove() {
        if (isPresent()) {
            IpCommand.run("link", "del", "dev", name);
        }
    }
}

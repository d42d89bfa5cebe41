package io.towpath.dataplane.replay;

import io.towpath.dataplane.pipeline.Forwarding;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.NodeForwarding;
import io.towpath.dataplane.pipeline.NodeMasquerade;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.nat.MasqueradeAddresses;
import io.towpath.nat.PortRange;
import io.towpath.packet.Burst;
import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.List;

/** Node mode: every frame comes in by one port and what is sent goes out there. Interfaces of the capture only tell where a packet is from. */
final class NodeNetwork implements ReplayNetwork {
    private static final long MAC = 0x0200_0000_0002L;

    private final CapturePort port;
    private final Forwarding forwarding;
    private final List<String> interfaces = new ArrayList<>();
    private List<Address> nodeAddresses = List.of();
    private MasqueradeAddresses masquerade = new NodeMasquerade(List.of());

    NodeNetwork(CaptureOutput output, FramePool pool, Verdicts verdicts, long seed) {
        port = new CapturePort(0, "towpath0", output, (number, l2) -> false);
        forwarding = new NodeForwarding(port, pool, verdicts, new IcmpErrorSender(pool, seed));
    }

    @Override
    public List<Address> ownAddresses() {
        return List.of();
    }

    @Override
    public int ingress(String interfaceName) {
        int known = interfaces.indexOf(interfaceName);
        if (known >= 0) {
            return known;
        }
        interfaces.add(interfaceName);
        return interfaces.size() - 1;
    }

    @Override
    public List<String> interfaces() {
        return interfaces;
    }

    @Override
    public long mac(int ingress) {
        return MAC;
    }

    @Override
    public MasqueradeAddresses masquerade(List<Address> addresses) {
        if (!addresses.equals(nodeAddresses)) {
            nodeAddresses = addresses;
            masquerade = new NodeMasquerade(addresses);
        }
        return masquerade;
    }

    @Override
    public PortRange masqueradePorts() {
        return PortRange.NODE_RESERVED;
    }

    @Override
    public Forwarding forwarding() {
        return forwarding;
    }

    @Override
    public void onArrival(Burst burst, long nowNs) {
        // The host's kernel knows its neighbors.
    }

    @Override
    public void transmit(Verdicts verdicts, long nowNs) {
        port.flush(verdicts);
    }
}

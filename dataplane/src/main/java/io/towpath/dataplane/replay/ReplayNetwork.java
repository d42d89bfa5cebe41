package io.towpath.dataplane.replay;

import io.towpath.dataplane.pipeline.Forwarding;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.nat.MasqueradeAddresses;
import io.towpath.nat.PortRange;
import io.towpath.packet.Burst;
import io.towpath.wire.Address;
import java.util.List;

/** How the engine of a replay stands in its network: on a node behind one port, or as a router between ports. */
sealed interface ReplayNetwork permits NodeNetwork, RouterNetwork {
    /** Returns the engine's own addresses as far as they do not come from the Node object. */
    List<Address> ownAddresses();

    /** Returns the number of the interface that a packet comes in by, -1 where there is none of that name. */
    int ingress(String interfaceName);

    /** Returns the names of the interfaces known so far, by number. */
    List<String> interfaces();

    /** Returns the engine's MAC address on an interface. */
    long mac(int ingress);

    /** Returns the addresses that masquerade shows; another object only where they changed. */
    MasqueradeAddresses masquerade(List<Address> nodeAddresses);

    PortRange masqueradePorts();

    Forwarding forwarding();

    /** Before the pipeline has the packet. */
    void onArrival(Burst burst, long nowNs);

    /** After the pipeline had the packet: sends what it queued. */
    void transmit(Verdicts verdicts, long nowNs);
}

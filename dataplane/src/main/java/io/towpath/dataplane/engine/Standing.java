package io.towpath.dataplane.engine;

import io.towpath.dataplane.pipeline.Forwarding;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.IoEngine;
import io.towpath.dataplane.port.Port;
import io.towpath.nat.DesiredChange;
import io.towpath.nat.MasqueradeAddresses;
import io.towpath.nat.NodeFacts;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.PortRange;
import io.towpath.wire.Address;
import java.util.List;

/** How an engine stands in its network: as a router between ports, or on a node whose kernel routes. */
interface Standing {
    List<String> portNames();

    /** Returns how frames get to and from the devices, in the order of the names. */
    List<IoEngine> portEngines();

    /** Returns whether UDP datagrams may leave by a port in super-frames, in the order of the names. */
    List<Boolean> udpMerging();

    /** Makes the devices, in the order of the names. */
    void openDevices(Devices devices, int queues);

    /** Returns the addresses of this node where no Node object says them. */
    List<Address> ownAddresses();

    MasqueradeAddresses masquerade();

    PortRange masqueradePorts();

    NodeSettings settings(NodeFacts facts);

    /**
     * Returns the stages of one worker.
     *
     * @param seed secret of this instance
     */
    Forwarding forwarding(List<Port> ports, FramePool pool, Verdicts verdicts, long seed);

    /** Workers run from now on. Control side. */
    void start();

    /** Control thread, when the maps have taken it over. */
    void onChange(DesiredChange change);

    /** A port's device was made anew. Control thread. */
    void onDevice(int port);

    /** Control thread, each cycle. Returns how much it did. */
    int update(long nowNs);
}

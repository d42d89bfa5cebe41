package io.towpath.dataplane.engine;

import io.towpath.dataplane.node.NodeConfig;
import io.towpath.dataplane.node.NodeRouting;
import io.towpath.dataplane.pipeline.Forwarding;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.NodeForwarding;
import io.towpath.dataplane.pipeline.NodeMasquerade;
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

/** Node mode: one TAP on a host whose kernel routes; {@link NodeRouting} leads packets to it. */
final class NodeStanding implements Standing {
    private final NodeConfig config;
    private final List<Address> addresses;
    private final NodeRouting routing;

    NodeStanding(NodeConfig config, List<Address> addresses, NodeRouting routing) {
        this.config = config;
        this.addresses = addresses;
        this.routing = routing;
    }

    @Override
    public List<String> portNames() {
        return List.of(config.tap());
    }

    @Override
    public List<IoEngine> portEngines() {
        return List.of(config.io());
    }

    @Override
    public List<Boolean> udpMerging() {
        return List.of(config.udpMerging());
    }

    @Override
    public void openDevices(Devices devices, int queues) {
        // A device that outlived the process would keep its routes, and what is to hold without an engine would not.
        devices.openForThisProcess(config.tap(), queues);
    }

    @Override
    public List<Address> ownAddresses() {
        return addresses;
    }

    @Override
    public MasqueradeAddresses masquerade() {
        return new NodeMasquerade(addresses);
    }

    @Override
    public PortRange masqueradePorts() {
        return config.masqueradePorts();
    }

    @Override
    public NodeSettings settings(NodeFacts facts) {
        return new NodeSettings(facts, portNames(), config.bridgeNetworks());
    }

    @Override
    public Forwarding forwarding(List<Port> ports, FramePool pool, Verdicts verdicts, long seed) {
        return NodeForwarding.onHost(ports.getFirst(), pool, verdicts, new IcmpErrorSender(pool, seed));
    }

    @Override
    public void start() {
        routing.start();
    }

    @Override
    public void onChange(DesiredChange change) {
        routing.onChange(change);
    }

    @Override
    public void onDevice(int port) {
        routing.onDevice();
    }

    @Override
    public int update(long nowNs) {
        return routing.update(nowNs);
    }
}

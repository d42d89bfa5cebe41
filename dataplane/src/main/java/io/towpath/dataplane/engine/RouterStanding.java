package io.towpath.dataplane.engine;

import io.towpath.dataplane.engine.EngineConfig.PortConfig;
import io.towpath.dataplane.pipeline.Forwarding;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.port.IoEngine;
import io.towpath.dataplane.port.Port;
import io.towpath.dataplane.router.Neighbors;
import io.towpath.dataplane.router.Router;
import io.towpath.dataplane.router.RouterPort;
import io.towpath.dataplane.router.Routes;
import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.nat.DesiredChange;
import io.towpath.nat.MasqueradeAddresses;
import io.towpath.nat.NodeFacts;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.PortRange;
import io.towpath.wire.Address;
import java.util.List;

/** Router mode: every attached network is a TAP, and the engine is its gateway. */
final class RouterStanding implements Standing {
    private static final int REPORTS = 1024;

    private final EngineConfig config;
    private final List<RouterPort> networks;
    private final Routes routes;
    private final Neighbors neighbors;

    /** @param wakeControl wakes the control thread, as there is something to {@link #update} */
    RouterStanding(EngineConfig config, MapStore store, long secret, Quiescence quiescence, Runnable wakeControl) {
        this.config = config;
        this.networks = config.routerPorts();
        this.routes = Routes.create(store, quiescence, networks, config.staticRoutes(), config.nodeAddresses());
        this.neighbors =
                Neighbors.create(store, secret, quiescence, new WakingQueues.ManyProducers<>(REPORTS, wakeControl));
    }

    @Override
    public List<String> portNames() {
        return config.ports().stream().map(PortConfig::name).toList();
    }

    @Override
    public List<IoEngine> portEngines() {
        return config.ports().stream().map(PortConfig::io).toList();
    }

    @Override
    public List<Boolean> udpMerging() {
        return config.ports().stream().map(PortConfig::udpMerging).toList();
    }

    @Override
    public void openDevices(Devices devices, int queues) {
        config.ports().forEach(port -> devices.open(port, queues));
    }

    @Override
    public List<Address> ownAddresses() {
        return config.ownAddresses();
    }

    @Override
    public MasqueradeAddresses masquerade() {
        return routes;
    }

    @Override
    public PortRange masqueradePorts() {
        return PortRange.UNPRIVILEGED; // the engine owns the addresses
    }

    @Override
    public NodeSettings settings(NodeFacts facts) {
        return new NodeSettings(facts, portNames());
    }

    @Override
    public Forwarding forwarding(List<Port> ports, FramePool pool, Verdicts verdicts, long seed) {
        return new Router(networks, ports, routes, neighbors, pool, verdicts, new IcmpErrorSender(pool, seed));
    }

    @Override
    public void start() {
        // Its networks were told of it when their devices were made.
    }

    @Override
    public void onChange(DesiredChange change) {
        // Routes come from the configuration alone.
    }

    @Override
    public void onDevice(int port) {
        neighbors.forget(port); // the guest's side has another MAC address
    }

    @Override
    public int update(long nowNs) {
        return neighbors.update(nowNs);
    }
}

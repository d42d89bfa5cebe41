package io.towpath.dataplane.replay;

import io.towpath.capture.CaptureException;
import io.towpath.capture.CaptureReader;
import io.towpath.conntrack.Conntrack;
import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.engine.EngineConfig;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.model.ManifestReader;
import io.towpath.dataplane.pipeline.Fragments;
import io.towpath.dataplane.pipeline.Pipeline;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.dataplane.router.Router;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.CounterMap;
import io.towpath.maps.Quiescence;
import io.towpath.nat.DesiredChange;
import io.towpath.nat.FragmentTable;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.MasqueradeAddresses;
import io.towpath.nat.Nat;
import io.towpath.nat.NodeFacts;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.UdpReconciler;
import io.towpath.packet.Burst;
import io.towpath.packet.Reason;
import io.towpath.wire.Ethernet;
import io.towpath.wire.VnetHeader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Plays captures through the engine, one packet at a time, their time stamps as the clock. */
public final class Replay implements AutoCloseable {
    /** Those of frames that wait; a packet of 128 fragments needs one for each and one as a whole; the rest is for answers and pieces. */
    private static final int BUFFERS = Router.PENDING_BUFFERS + 2 * FragmentTable.FRAGMENTS_LIMIT;

    private static final int MAX_ENTRIES = 1 << 17;
    /** Sender of packets that were captured without Ethernet header. */
    private static final long RAW_IP_SENDER = 0x0200_0000_0001L;

    private final Settings settings;
    private final Consumer<String> warnings;
    private final AnonymousMapStore store = new AnonymousMapStore();
    private final FramePool pool = new FramePool(BUFFERS);
    private final Burst burst = new Burst(pool.frames());
    private final ServiceMaps maps;
    private final ServiceWriter writer;
    private final Conntrack conntrack;
    private final UdpReconciler reconciler;
    private final CounterMap counters;
    private final Verdicts verdicts;
    private final Fragments fragments;
    private final CaptureOutput output;
    private final VerdictLog log;
    private final ReplayNetwork network;
    private final DesiredStates desiredStates;

    private NodeFacts facts = new NodeFacts(List.of(), List.of(), new LocalDetector.None(), false);
    private MasqueradeAddresses masquerade;
    private Nat nat;
    private Pipeline pipeline;
    private long nowNs;

    /**
     * What is replayed on.
     *
     * @param nodeName name of the Node object that is this node
     * @param router ports, addresses and routes of router mode; null for node mode
     * @param seed of all choices
     */
    public record Settings(String nodeName, ProxyConfig proxyConfig, EngineConfig router, long seed) {}

    /** Where a replay writes to. */
    public record Outputs(Path capture, Path verdicts) {}

    public Replay(Settings settings, Outputs outputs, Consumer<String> warnings) throws IOException {
        this.settings = settings;
        this.warnings = warnings;
        long seed = settings.seed();
        Quiescence quiescence = new Quiescence(1);
        maps = new ServiceMaps(store, 1, seed, quiescence);
        writer = new ServiceWriter(maps, warnings);
        conntrack = new Conntrack(
                store,
                settings.proxyConfig().conntrack().withMaxEntries(MAX_ENTRIES),
                1,
                ServiceMaps.BACKENDS,
                seed,
                quiescence);
        reconciler = new UdpReconciler(conntrack, maps, writer);
        counters = CounterMap.create(store, Verdicts.MAP, 1, Verdicts.CAPACITY);
        verdicts = new Verdicts(counters, 0, pool);
        fragments = new Fragments(pool, verdicts, 1, seed);
        output = new CaptureOutput(outputs.capture(), pool.frames());
        log = new VerdictLog(outputs.verdicts(), writer);
        network = settings.router() == null
                ? new NodeNetwork(output, pool, verdicts, seed)
                : new RouterNetwork(
                        settings.router(), new RouterNetwork.Maps(store, quiescence, seed), output, pool, verdicts);
        desiredStates = new DesiredStates(settings.proxyConfig(), settings.nodeName(), network.ownAddresses());
    }

    /**
     * Takes over the objects of a step, then plays its capture.
     *
     * @throws CaptureException if the capture is damaged, or a packet came in by no port
     */
    public void step(int number, Path objects, Path capture) throws IOException, ManifestException {
        desiredStates.replace(ManifestReader.read(objects));
        DesiredStates.Changes changes = desiredStates.changes();
        changes.warnings().forEach(warning -> warnings.accept(warning.text()));
        take(changes.change());
        try (CaptureReader reader = CaptureReader.open(capture)) {
            for (int packet = 1; reader.next(); packet++) {
                String from = reader.packet().interfaceName();
                int ingress = ingress(from);
                if (ingress < 0) {
                    throw new CaptureException(
                            "%s: packet %d came in by '%s', but the configuration has no such port; it has: %s"
                                    .formatted(capture, packet, from, String.join(", ", network.interfaces())));
                }
                play(number, packet, ingress, reader.packet());
            }
        }
    }

    /** Returns the packets by reason so far, those of no packet left out. */
    public Map<String, Long> packetsByReason() {
        Map<String, Long> packets = new TreeMap<>();
        for (Reason reason : Reason.ALL) {
            if (counters.packets(reason.ordinal()) != 0) {
                packets.put(reason.label(), counters.packets(reason.ordinal()));
            }
        }
        return packets;
    }

    private void take(DesiredChange change) {
        facts = change.nodeFacts().orElse(facts);
        writer.apply(change);
        reconciler.reconcile();
        MasqueradeAddresses addresses = network.masquerade(facts.nodeAddresses());
        if (!addresses.equals(masquerade)) {
            masquerade = addresses;
            nat = new Nat(
                    conntrack,
                    conntrack.worker(0),
                    maps,
                    masquerade,
                    network.masqueradePorts(),
                    nodeSettings(),
                    pool.frames(),
                    settings.seed());
            pipeline = new Pipeline(nat, network.forwarding(), fragments);
        }
        nat.onSettings(nodeSettings());
    }

    private NodeSettings nodeSettings() {
        return new NodeSettings(facts, network.interfaces());
    }

    private int ingress(String interfaceName) {
        int known = network.interfaces().size();
        int ingress = network.ingress(interfaceName);
        if (network.interfaces().size() > known) {
            nat.onSettings(nodeSettings());
        }
        return ingress;
    }

    private void play(int step, int number, int ingress, CaptureReader.Packet packet) throws IOException {
        nowNs = Math.max(nowNs, packet.timestampNs());
        output.onTime(nowNs);
        int sent = output.written();
        int buffer = pool.take();
        if (buffer < 0) {
            throw new IllegalStateException(
                    "step %d, packet %d: all %d buffers are taken".formatted(step, number, BUFFERS));
        }
        int length = copy(packet, FramePool.l2(buffer), network.mac(ingress));
        burst.clear();
        burst.add(ingress, buffer, FramePool.l2(buffer), length);
        network.onArrival(burst, nowNs);
        pipeline.process(burst, nowNs);
        network.transmit(verdicts, nowNs);
        log.write(step, number, burst.reason(0), burst.handle(0), sent + 1, output.written());
        conntrack.sweep(conntrack.worker(0), nowNs, 16);
    }

    /** Copies a packet into a buffer; raw IP gets an Ethernet header. A packet beyond the buffer is cut, and so found truncated. */
    private int copy(CaptureReader.Packet packet, long l2, long mac) {
        MemorySegment frames = pool.frames();
        VnetHeader.clear(frames, l2);
        byte[] data = packet.data();
        int header = packet.linkType() == CaptureReader.LINK_ETHERNET ? 0 : Ethernet.HEADER_LENGTH;
        if (header > 0) {
            boolean ipv6 = data.length > 0 && data[0] >>> 4 == 6;
            Ethernet.addresses(frames, l2, mac, RAW_IP_SENDER);
            Ethernet.type(frames, l2, ipv6 ? Ethernet.TYPE_IPV6 : Ethernet.TYPE_IPV4);
        }
        int length = Math.min(data.length, FramePool.BUFFER_BYTES - VnetHeader.LENGTH - header);
        MemorySegment.copy(data, 0, frames, ValueLayout.JAVA_BYTE, l2 + header, length);
        return header + length;
    }

    @Override
    public void close() throws IOException {
        log.close();
        output.close();
        fragments.close();
        pool.close();
        store.close();
    }
}

package io.towpath.dataplane.replay;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.towpath.capture.CaptureReader;
import io.towpath.capture.PcapngWriter;
import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.Entry;
import io.towpath.dataplane.control.DesiredStates;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.model.ManifestReader;
import io.towpath.dataplane.pipeline.IcmpErrorSender;
import io.towpath.dataplane.pipeline.NodeForwarding;
import io.towpath.dataplane.pipeline.NodeMasquerade;
import io.towpath.dataplane.pipeline.Pipeline;
import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.dataplane.port.FramePool;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.CounterMap;
import io.towpath.maps.Quiescence;
import io.towpath.nat.DesiredState;
import io.towpath.nat.LocalDetector;
import io.towpath.nat.Nat;
import io.towpath.nat.NodeSettings;
import io.towpath.nat.PortRange;
import io.towpath.nat.ServiceMaps;
import io.towpath.nat.ServicePort;
import io.towpath.nat.ServiceWriter;
import io.towpath.nat.UdpReconciler;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.Ethernet;
import io.towpath.wire.VnetHeader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** Plays captures through a node with one port: every frame comes in there, and what is sent goes out there. */
public final class Replay implements AutoCloseable {
    private static final int BUFFERS = 8;
    private static final int MAX_ENTRIES = 1 << 17;

    private final ProxyConfig config;
    private final String nodeName;
    private final Consumer<String> warnings;
    private final AnonymousMapStore store = new AnonymousMapStore();
    private final Quiescence quiescence = new Quiescence(1);
    private final FramePool pool = new FramePool(BUFFERS);
    private final Burst burst = new Burst(pool.frames());
    private final ServiceMaps maps;
    private final ServiceWriter writer;
    private final Conntrack conntrack;
    private final UdpReconciler reconciler;
    private final Verdicts verdicts;
    private final CapturePort port;
    private final PcapngWriter output;
    private final JsonGenerator json;
    private final List<String> interfaces = new ArrayList<>();
    private final long seed;

    private DesiredState state = new DesiredState(List.of(), List.of(), List.of(), new LocalDetector.None(), false);
    private Nat nat;
    private Pipeline pipeline;
    private long nowNs;

    /** Where a replay writes to. */
    public record Outputs(Path capture, Path verdicts) {}

    public Replay(String nodeName, ProxyConfig config, long seed, Outputs outputs, Consumer<String> warnings)
            throws IOException {
        this.nodeName = nodeName;
        this.config = config;
        this.seed = seed;
        this.warnings = warnings;
        maps = new ServiceMaps(store, 1, seed, quiescence);
        writer = new ServiceWriter(maps, warnings);
        conntrack = new Conntrack(
                store, config.conntrack().withMaxEntries(MAX_ENTRIES), 1, ServiceMaps.BACKENDS, seed, quiescence);
        reconciler = new UdpReconciler(conntrack, maps, writer);
        CounterMap counters = CounterMap.create(store, Verdicts.MAP, 1, Verdicts.CAPACITY);
        verdicts = new Verdicts(counters, 0, pool);
        output = PcapngWriter.create(outputs.capture());
        port = new CapturePort(output, pool.frames());
        BufferedWriter text = Files.newBufferedWriter(outputs.verdicts());
        json = new JsonFactory().createGenerator(text);
        json.setRootValueSeparator(new com.fasterxml.jackson.core.io.SerializedString("\n"));
    }

    /** Takes over the objects of a step, then plays its capture. */
    public void step(int number, Path objects, Path capture) throws IOException, ManifestException {
        DesiredStates.Result result =
                new DesiredStates(config, nodeName, List.of()).compute(ManifestReader.read(objects));
        result.warnings().forEach(warnings);
        List<Address> before = state.nodeAddresses();
        state = result.state();
        writer.apply(state);
        reconciler.reconcile();
        if (nat == null || !before.equals(state.nodeAddresses())) {
            nat = new Nat(
                    conntrack,
                    conntrack.worker(0),
                    maps,
                    new NodeMasquerade(state.nodeAddresses()),
                    PortRange.NODE_RESERVED,
                    settings(),
                    pool.frames(),
                    seed);
            pipeline = new Pipeline(nat, new NodeForwarding(port, pool, verdicts, new IcmpErrorSender(pool)));
        }
        nat.onSettings(settings());
        try (CaptureReader reader = CaptureReader.open(capture)) {
            for (int packet = 1; reader.next(); packet++) {
                play(number, packet, reader.packet());
            }
        }
    }

    private NodeSettings settings() {
        return new NodeSettings(state, interfaces);
    }

    private void play(int step, int number, CaptureReader.Packet packet) throws IOException {
        nowNs = Math.max(nowNs, packet.timestampNs());
        int buffer = pool.take();
        int length = copy(packet, FramePool.l2(buffer));
        burst.clear();
        burst.add(ingress(packet.interfaceName()), buffer, FramePool.l2(buffer), length);
        pipeline.process(burst, nowNs);
        int first = port.written();
        port.onTime(nowNs);
        port.flush(verdicts);
        writeVerdict(step, number, first);
        conntrack.sweep(conntrack.worker(0), nowNs, 16);
    }

    private int ingress(String interfaceName) {
        int known = interfaces.indexOf(interfaceName);
        if (known >= 0) {
            return known;
        }
        interfaces.add(interfaceName);
        nat.onSettings(settings());
        return interfaces.size() - 1;
    }

    /** Copies a packet into a buffer; raw IP gets an Ethernet header. A packet beyond the buffer is cut, and so found truncated. */
    private int copy(CaptureReader.Packet packet, long l2) {
        MemorySegment frames = pool.frames();
        VnetHeader.clear(frames, l2);
        byte[] data = packet.data();
        int header = packet.linkType() == CaptureReader.LINK_ETHERNET ? 0 : Ethernet.HEADER_LENGTH;
        if (header > 0) {
            boolean ipv6 = data.length > 0 && data[0] >>> 4 == 6;
            Ethernet.addresses(frames, l2, 0x0200_0000_0002L, 0x0200_0000_0001L);
            Ethernet.type(frames, l2, ipv6 ? Ethernet.TYPE_IPV6 : Ethernet.TYPE_IPV4);
        }
        int length = Math.min(data.length, FramePool.BUFFER_BYTES - VnetHeader.LENGTH - header);
        MemorySegment.copy(data, 0, frames, ValueLayout.JAVA_BYTE, l2 + header, length);
        return header + length;
    }

    private void writeVerdict(int step, int number, int firstOutput) throws IOException {
        Reason reason = burst.reason[0];
        String service = null;
        String backend = null;
        long handle = burst.handle[0];
        if (handle >= 0) {
            MemorySegment entries = conntrack.entries();
            long entry = Conntrack.entry(handle);
            ServicePort found = writer.byId(Entry.serviceId(entries, entry));
            service = found == null ? null : found.name().toString();
            long reply = entry + Entry.REPLY_TUPLE;
            backend = new Address(Entry.sourceHi(entries, reply), Entry.sourceLo(entries, reply))
                    .withPort(FiveTuple.sourcePort(Entry.transport(entries, reply)));
        }
        json.writeStartObject();
        json.writeNumberField("step", step);
        json.writeNumberField("packet", number);
        json.writeStringField("verdict", reason.verdict().name().toLowerCase(Locale.ROOT));
        json.writeStringField("reason", reason.label());
        json.writeStringField("service", service);
        json.writeStringField("backend", backend);
        json.writeArrayFieldStart("outputs");
        for (int frame = firstOutput + 1; frame <= port.written(); frame++) {
            json.writeNumber(frame);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    @Override
    public void close() throws IOException {
        json.writeRaw('\n');
        json.close();
        output.close();
        pool.close();
        store.close();
    }
}

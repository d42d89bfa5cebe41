package io.towpath.dataplane.vectors;

import io.towpath.capture.PcapngWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** A case folder in the making: what is played, and what must come of it. */
final class Vector {
    /** 2026-01-01, so that time stamps look like some. */
    private static final long START_NS = 1_767_225_600_000_000_000L;

    private static final long STEP_NS = 1_000_000;

    private final String name;
    private final String title;
    private final String shows;
    private final List<Timed> input = new ArrayList<>();
    private final List<Timed> expected = new ArrayList<>();
    private final Map<String, Integer> counters = new TreeMap<>();
    private String objects = Lab.OBJECTS;
    private String proxyConfig;
    private boolean exactFrames = true;
    private long nowNs = START_NS;

    private record Timed(long timeNs, String port, byte[] frame) {}

    /** @param shows requirement or behavior that it stands for */
    Vector(String name, String title, String shows) {
        this.name = name;
        this.title = title;
        this.shows = shows;
    }

    String name() {
        return name;
    }

    Vector objects(String yaml) {
        objects = yaml;
        return this;
    }

    Vector proxyConfig(String yaml) {
        proxyConfig = yaml;
        return this;
    }

    /** The frames have something random: only counters are given. */
    Vector anyFrames() {
        exactFrames = false;
        return this;
    }

    Vector waitSeconds(double seconds) {
        nowNs += (long) (seconds * 1e9);
        return this;
    }

    /** Plays a packet; it is counted by a reason, and all of {@code outputs} are sent. */
    Vector play(Packet packet, String reason, Packet... outputs) {
        nowNs += STEP_NS;
        String port = Lab.port(packet.source());
        input.add(new Timed(nowNs, port, frame(packet, Lab.ownMac(port), Lab.neighborMac(packet.source()))));
        for (Packet output : outputs) {
            String out = Lab.port(output.destination());
            expected.add(new Timed(nowNs, out, frame(output, Lab.neighborMac(output.destination()), Lab.ownMac(out))));
        }
        return count(reason, 1);
    }

    Vector count(String reason, int packets) {
        counters.merge(reason, packets, Integer::sum);
        return this;
    }

    Vector request(Flow flow, L4.Maker maker) {
        return request(flow, maker, UnaryOperator.identity());
    }

    Vector request(Flow flow, L4.Maker maker, UnaryOperator<Ip> form) {
        Flow.Change change = flow.request(maker, form);
        return play(change.before(), "service", change.after());
    }

    Vector reply(Flow flow, L4.Maker maker) {
        return reply(flow, maker, UnaryOperator.identity());
    }

    Vector reply(Flow flow, L4.Maker maker, UnaryOperator<Ip> form) {
        Flow.Change change = flow.reply(maker, form);
        return play(change.before(), "service-reply", change.after());
    }

    private static byte[] frame(Packet packet, byte[] to, byte[] from) {
        byte[] type = Bytes.hex(packet.source().indexOf(':') >= 0 ? "86DD" : "0800");
        return Bytes.concat(to, from, type, packet.bytes());
    }

    /** Writes the folder's files below a folder. */
    void write(Path root) throws IOException {
        Path folder = Files.createDirectories(root.resolve(name));
        StringBuilder yaml = new StringBuilder();
        yaml.append("title: \"").append(title).append("\"\n");
        yaml.append("shows: \"").append(shows).append("\"\n");
        yaml.append("mode: router\n");
        if (proxyConfig != null) {
            yaml.append("proxyConfig: kube-proxy.yaml\n");
            Files.writeString(folder.resolve("kube-proxy.yaml"), proxyConfig);
        }
        if (!exactFrames) {
            yaml.append("frames: any\n");
        }
        Files.writeString(folder.resolve("case.yaml"), yaml);
        Files.writeString(folder.resolve("config.yaml"), Lab.CONFIG);
        Files.writeString(folder.resolve("objects.yaml"), objects);
        StringBuilder counts = new StringBuilder();
        counters.forEach((reason, packets) -> counts.append(packets == 0 ? "" : reason + ": " + packets + "\n"));
        Files.writeString(folder.resolve("counters.yaml"), counts);
        write(folder.resolve("input.pcapng"), input, List.of());
        if (exactFrames) {
            write(folder.resolve("expected.pcapng"), expected, List.of(Lab.CLIENTS, Lab.PODS));
        }
    }

    private static void write(Path file, List<Timed> frames, List<String> ports) throws IOException {
        try (Arena arena = Arena.ofConfined();
                PcapngWriter writer = PcapngWriter.create(file)) {
            for (String port : ports) {
                writer.announce(port);
            }
            for (Timed timed : frames) {
                MemorySegment memory = arena.allocate(timed.frame().length);
                MemorySegment.copy(timed.frame(), 0, memory, ValueLayout.JAVA_BYTE, 0, timed.frame().length);
                writer.write(timed.port(), timed.timeNs(), memory, 0, timed.frame().length);
            }
        }
    }
}

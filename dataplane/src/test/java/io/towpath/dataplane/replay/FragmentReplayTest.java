package io.towpath.dataplane.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.capture.CaptureReader;
import io.towpath.capture.PcapngWriter;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.wire.Ethernet;
import io.towpath.wire.Ipv4;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A verdict line for each fragment; the one that completes a packet names all frames that went out. */
final class FragmentReplayTest {
    private static final ValueLayout.OfShort BE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    @TempDir
    Path folder;

    @Test
    void shouldSayHeldUntilThePacketIsComplete() throws Exception {
        Path objects = Files.writeString(
                folder.resolve("objects.yaml"),
                "apiVersion: v1\nkind: Node\nmetadata: {name: node}\n"
                        + "status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}\n");
        Path capture = folder.resolve("in.pcapng");
        // Of two packets; the second fragment of the second one comes after the time-out.
        write(capture, new int[][] {{7, 0, 0}, {7, 2, 1}, {8, 0, 2}, {7, 1, 3}, {8, 1, 40}, {8, 2, 41}});
        Replay.Outputs outputs = new Replay.Outputs(folder.resolve("out.pcapng"), folder.resolve("out.jsonl"));
        Replay.Settings settings = new Replay.Settings("node", ProxyConfig.defaults(), null, 7);
        try (Replay replay = new Replay(settings, outputs, warning -> {})) {
            replay.step(0, objects, capture);
        }

        List<String> lines = Files.readAllLines(outputs.verdicts()).stream()
                .filter(line -> !line.isBlank())
                .map(line -> line.replaceAll(
                        ".*\"verdict\":\"([a-z]+)\",\"reason\":\"([a-z-]+)\".*\"outputs\":(.*)}", "$1 $2 $3"))
                .toList();
        String held = "consume fragment-held []";
        assertEquals(List.of(held, held, held, "forward routed [1,2,3]", held, held), lines);
        List<Integer> offsets = new ArrayList<>();
        try (CaptureReader reader = CaptureReader.open(outputs.capture())) {
            while (reader.next()) {
                offsets.add((int) reader.packet().data()[21]);
            }
        }
        assertEquals(List.of(0, 6, 12), offsets, "by place, not by arrival");
    }

    /** Fragments of 48 bytes of three-fragment packets, each given by identification, number and second. */
    private static void write(Path capture, int[][] fragments) throws IOException {
        try (Arena arena = Arena.ofConfined();
                PcapngWriter writer = PcapngWriter.create(capture)) {
            MemorySegment frame = arena.allocate(82);
            for (int[] fragment : fragments) {
                frame.fill((byte) 0);
                Ethernet.addresses(frame, 0, 0x0200_0000_0002L, 0x0200_0000_0001L);
                Ethernet.type(frame, 0, Ethernet.TYPE_IPV4);
                Ipv4.write(frame, 14, 68, 64, 47, 0x0A010001, 0x0A010002);
                frame.set(BE16, 18, (short) fragment[0]);
                frame.set(BE16, 20, (short) ((fragment[1] < 2 ? 0x2000 : 0) | fragment[1] * 6));
                Ipv4.updateChecksum(frame, 14);
                writer.write("eth0", fragment[2] * 1_000_000_000L, frame, 0, 82);
            }
        }
    }
}

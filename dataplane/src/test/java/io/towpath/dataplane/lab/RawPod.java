package io.towpath.dataplane.lab;

import io.towpath.dataplane.demo.Namespace;
import io.towpath.linux.Poll;
import io.towpath.linux.Tap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A pod, or a host, that is a TAP device of the test: it sends any bytes and sees what arrives, bit for bit. One thread. */
final class RawPod implements AutoCloseable {
    private static final String HOST_MAC = "02:00:00:00:00:01";
    private static final String OWN_MAC = "02:00:00:00:00:02";
    private static final int VNET_HEADER_BYTES = 10;
    private static final int ETHERNET_BYTES = 14;
    private static final int LIMIT_MS = 2_000;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(1 << 17, 8);
    private final Tap tap;
    private final Poll poll;

    private RawPod(Tap tap) {
        this.tap = tap;
        this.poll = new Poll(tap.queue(0).number());
    }

    /** Plugs one into a host's namespace, which routes the addresses to it. */
    static RawPod plug(Namespace host, String device, String ipv4, String ipv6) throws Exception {
        RawPod pod = new RawPod(host.call(() -> Tap.open(device, 1)));
        LabNetwork.ip(host, "link set " + device + " address " + HOST_MAC + " up");
        LabNetwork.ip(host, "route add " + ipv4 + " dev " + device);
        LabNetwork.ip(host, "-6 route add " + ipv6 + " dev " + device);
        for (String address : List.of(ipv4, ipv6)) {
            LabNetwork.ip(host, "neigh add " + address + " lladdr " + OWN_MAC + " dev " + device + " nud permanent");
        }
        return pod;
    }

    /** @param packet from its IP header on */
    void send(byte[] packet) {
        memory.asSlice(0, VNET_HEADER_BYTES).fill((byte) 0);
        byte[] frame = new byte[ETHERNET_BYTES + packet.length];
        frame[0] = 2;
        frame[5] = 1;
        frame[6] = 2;
        frame[11] = 2;
        boolean v4 = packet[0] >> 4 == 4;
        frame[12] = (byte) (v4 ? 0x08 : 0x86);
        frame[13] = (byte) (v4 ? 0x00 : 0xDD);
        System.arraycopy(packet, 0, frame, ETHERNET_BYTES, packet.length);
        MemorySegment.copy(frame, 0, memory, ValueLayout.JAVA_BYTE, VNET_HEADER_BYTES, frame.length);
        int length = VNET_HEADER_BYTES + frame.length;
        if (tap.queue(0).write(memory, 0, length) != length) {
            throw new IllegalStateException("the TAP did not take a frame of " + frame.length + " bytes");
        }
    }

    /** Returns that many packets that came for it, from their IP headers on; fewer if no more come. */
    List<byte[]> receive(int count) {
        List<byte[]> packets = new ArrayList<>();
        long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LIMIT_MS);
        while (packets.size() < count && System.nanoTime() < endNs) {
            poll.await(100);
            int bytes = tap.queue(0).read(memory, 0, memory.byteSize());
            boolean isForIt = bytes > VNET_HEADER_BYTES + ETHERNET_BYTES
                    && memory.get(ValueLayout.JAVA_BYTE, VNET_HEADER_BYTES) == 2
                    && memory.get(ValueLayout.JAVA_BYTE, VNET_HEADER_BYTES + 5) == 2;
            if (isForIt) { // what the host multicasts by itself is not
                packets.add(
                        memory.asSlice(VNET_HEADER_BYTES + ETHERNET_BYTES, bytes - VNET_HEADER_BYTES - ETHERNET_BYTES)
                                .toArray(ValueLayout.JAVA_BYTE));
            }
        }
        return packets;
    }

    @Override
    public void close() {
        poll.close();
        tap.close();
        arena.close();
    }
}

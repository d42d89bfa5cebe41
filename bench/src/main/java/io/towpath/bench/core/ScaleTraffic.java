package io.towpath.bench.core;

import io.towpath.packet.Burst;
import io.towpath.wire.Tcp;

/** Packets of both directions of established connections, in random order, through one worker's pipeline. */
final class ScaleTraffic implements ScaleLoad {
    /** Sequence numbers move on by one each 2^10 ns, alike for all workers: half a window lasts 9 minutes. */
    private static final int SEQUENCE_SHIFT = 10;

    private final CoreLoad load;
    private final int first;
    private final int count;
    private final long startNs;
    private long random;
    private long packets;
    private long sentBefore;

    /**
     * Takes {@code count} flows, from one on.
     *
     * @param startNs when the connections began; the same for all workers
     */
    ScaleTraffic(CoreLoad load, int first, int count, long startNs) {
        this.load = load;
        this.first = first;
        this.count = count;
        this.startNs = startNs;
        this.random = load.hashCode(); // any number that is not the other workers'
    }

    @Override
    public void begin() {
        load.engine().online();
        packets = 0;
        sentBefore = sent();
    }

    private long sent() {
        return load.engine().sent(RouterEngine.CLIENTS) + load.engine().sent(RouterEngine.SERVERS);
    }

    @Override
    public long burst() {
        long nowNs = System.nanoTime();
        int sequence = CoreLoad.FIRST_BYTE + 1 + (int) (nowNs - startNs >> SEQUENCE_SHIFT);
        for (int i = 0; i < Burst.LIMIT; i++) {
            random = random * 0x5851F42D4C957F2DL + 0x14057B7EF767814FL;
            int flow = first + (int) ((random >>> 32) * count >>> 32);
            if ((random & 1L << 31) != 0) {
                load.reply(flow, sequence);
            } else {
                load.request(flow, Tcp.ACK, sequence, CoreLoad.FIRST_BYTE);
            }
        }
        packets += Burst.LIMIT;
        return load.engine().process(nowNs);
    }

    @Override
    public void end() {
        load.engine().offline();
        if (sent() - sentBefore != packets) {
            throw new IllegalStateException((sent() - sentBefore) + " packets instead of " + packets + " went on");
        }
    }
}

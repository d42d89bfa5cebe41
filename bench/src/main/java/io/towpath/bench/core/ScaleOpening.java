package io.towpath.bench.core;

import io.towpath.packet.Burst;
import io.towpath.wire.Tcp;

/** SYNs of new connections through one worker's pipeline; they are removed again after each sample. */
final class ScaleOpening implements ScaleLoad {
    private final CoreLoad load;
    private final int firstFlow;
    private int opened;
    private long sentBefore;

    /** @param worker number of the worker, whose flows are no other's */
    ScaleOpening(CoreLoad load, int worker) {
        this.load = load;
        this.firstFlow = Flows.FIRST_NEW + worker * Flows.NEW_FLOWS;
    }

    @Override
    public void begin() {
        load.engine().online();
        opened = 0;
        sentBefore = load.engine().sent(RouterEngine.SERVERS);
    }

    @Override
    public long burst() {
        for (int i = 0; i < Burst.LIMIT; i++) {
            load.request(firstFlow + opened++, Tcp.SYN, 0, 0);
        }
        long ns = load.engine().process(System.nanoTime());
        load.engine().recycle();
        return ns;
    }

    @Override
    public boolean isOver() {
        return opened == Flows.NEW_FLOWS;
    }

    @Override
    public void end() {
        load.engine().offline();
        long sent = load.engine().sent(RouterEngine.SERVERS) - sentBefore;
        if (sent != opened) {
            throw new IllegalStateException(sent + " new flows instead of " + opened);
        }
    }

    @Override
    public void reset() {
        load.engine().online();
        load.engine().removeExpired(System.nanoTime() + CoreLoad.UNANSWERED_NS);
        load.engine().offline();
    }
}

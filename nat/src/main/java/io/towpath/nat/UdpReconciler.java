package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.Entry;
import io.towpath.conntrack.EntryTuple;
import io.towpath.maps.Quiescence;
import io.towpath.maps.WordMap;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends UDP connections that lead to no serving backend of their Service, so that their next datagram is balanced anew: a UDP client may
 * keep its five-tuple for ever, and no reset tells it to go (kube-proxy's pkg/proxy/conntrack/cleanup.go). kube-proxy deletes them, and with
 * them answers that are under way; here those still arrive ({@link Conntrack#makeStale}). Connections that were there before their address
 * became a Service's are stale, too. Those of a Service without any serving backend are left alone, and so is every connection to a backend
 * that serves, whatever the policy or topology of today.
 *
 * <p>Control thread only, after the maps were written.
 */
public final class UdpReconciler {
    private static final int PORTS = 1 << 16;
    /** Pages of entries looked at before reuse may go on: a millisecond's work. */
    private static final long BATCH_PAGES = 256;

    /** A burst takes microseconds; a worker that the kernel keeps waiting for longer than 20 ms is not waited for at once. */
    private static final long WAIT_TURN_NS = 50_000;

    private static final int WAIT_TURNS = 400;

    private final Conntrack conntrack;
    private final ServiceWriter writer;
    private final Quiescence quiescence;
    private final WordMap vips;
    private final MemorySegment blocks;

    /** Epoch of the last change, and whether a worker may still act by what was before it. */
    private long changedAt;

    private boolean pending;
    private int ended;
    private Totals totals = new Totals(0, 0, 0);

    private final BitSet servingIds = new BitSet();
    /** Service ids by NodePort, IPv4 first: a NodePort counts whatever the address, as kube-proxy compares the port alone. */
    private final int[][] nodePorts = new int[2][PORTS];

    /** What was done since the start: looks at the whole table, and connections that these ended. */
    public record Totals(long scans, long endedIpv4, long endedIpv6) {
        private Totals plus(int scan, int ipv4, int ipv6) {
            return new Totals(scans + scan, endedIpv4 + ipv4, endedIpv6 + ipv6);
        }
    }

    public UdpReconciler(Conntrack conntrack, ServiceMaps maps, ServiceWriter writer) {
        this.conntrack = conntrack;
        this.writer = writer;
        this.quiescence = maps.quiescence();
        this.vips = maps.vips();
        this.blocks = maps.blocks();
    }

    /**
     * Ends what is stale if endpoints of a UDP service port changed since the last call; to be called in every cycle, as it may take two
     * calls. Returns how many connections that were.
     */
    public int reconcile() {
        if (writer.takeUdpEndpointsChanged()) {
            changedAt = quiescence.advance();
            awaitWorkers();
            pending = true;
        } else if (!pending || !quiescence.passed(changedAt)) {
            return 0;
        }
        pending = !quiescence.passed(changedAt);
        return endStale();
    }

    public Totals totals() {
        return totals;
    }

    /** Returns whether a later call has to look again, because a worker took long. */
    public boolean isPending() {
        return pending;
    }

    private int endStale() {
        servingIds.clear();
        for (int[] family : nodePorts) {
            Arrays.fill(family, 0);
        }
        writer.forEachUdp((serviceId, port, backendIds) -> {
            port.servingBackends().forEach(backend -> servingIds.set(backendIds.applyAsInt(backend)));
            for (Vip vip : port.vips()) {
                if (vip.kind() == VipKind.NODE_PORT) {
                    nodePorts[port.ipv6() ? 1 : 0][vip.port()] = serviceId;
                }
            }
        });
        ended = 0;
        for (long page = 1; page < conntrack.pagesEnd(); page += BATCH_PAGES) {
            endStale(page, Math.min(page + BATCH_PAGES, conntrack.pagesEnd()));
        }
        totals = totals.plus(1, 0, 0);
        return ended;
    }

    /** A worker in the middle of a burst may yet open a connection by what the maps said before; if it takes too long, a later call looks again. */
    private void awaitWorkers() {
        for (int turn = 0; turn < WAIT_TURNS && !quiescence.passed(changedAt); turn++) {
            LockSupport.parkNanos(WAIT_TURN_NS);
        }
    }

    /** While this thread looks at entries none is reused, so it does that in batches. */
    private void endStale(long fromPage, long endPage) {
        quiescence.online(quiescence.control());
        try {
            conntrack.forEachLive(fromPage, endPage, this::endIfStale);
        } finally {
            quiescence.offline(quiescence.control());
        }
    }

    private void endIfStale(long entry) {
        if (isStale(entry) && conntrack.makeStale(entry)) {
            ended++;
            boolean ipv4 = Entry.isIpv4(entry);
            totals = totals.plus(0, ipv4 ? 1 : 0, ipv4 ? 0 : 1);
        }
    }

    private boolean isStale(long entry) {
        if (Entry.protocol(entry) != FiveTuple.UDP) {
            return false;
        }
        int serviceId = serviceId(
                EntryTuple.destinationHi(entry, 0),
                EntryTuple.destinationLo(entry, 0),
                FiveTuple.destinationPort(EntryTuple.transport(entry, 0)));
        if (serviceId == 0 || Entry.serviceId(entry) == serviceId && servingIds.get(Entry.backendId(entry))) {
            return false;
        }
        ServicePort port = writer.byId(serviceId);
        return port != null && !port.servingBackends().isEmpty() && !serves(port.servingBackends(), entry);
    }

    private int serviceId(long hi, long lo, int port) {
        long vip = vips.get(hi, lo, VipValue.key(port, FiveTuple.UDP));
        return vip != 0
                ? ServiceBlock.serviceId(blocks, VipValue.block(vip))
                : nodePorts[Address.isIpv4(hi, lo) ? 0 : 1][port];
    }

    /** Compares addresses: the same backend may have been reached through another Service. */
    private boolean serves(List<BackendAddress> backends, long entry) {
        long hi = EntryTuple.sourceHi(entry, 1);
        long lo = EntryTuple.sourceLo(entry, 1);
        int port = FiveTuple.sourcePort(EntryTuple.transport(entry, 1));
        for (BackendAddress backend : backends) {
            if (backend.port() == port
                    && backend.address().lo() == lo
                    && backend.address().hi() == hi) {
                return true;
            }
        }
        return false;
    }
}

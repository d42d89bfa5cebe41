package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackWorker;
import io.towpath.maps.LpmMap;
import io.towpath.maps.WordMap;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import java.lang.foreign.MemorySegment;

/**
 * Decides what becomes of a new connection: which backend it gets and whether it is masqueraded, as kube-proxy's nftables mode decides.
 *
 * <p>Two steps: {@link #find} looks the Service up, {@link #choose} takes a backend. What they say is left in a {@link Selection}. One per worker;
 * nothing here allocates.
 */
final class BackendSelector {
    /** The packet is not for a Service: it goes on untranslated. */
    static final Reason NOT_A_SERVICE = Reason.ROUTED;

    /** No record: offset 0 is never in a block. */
    private static final long NONE = 0;

    private final WordMap vips;
    private final LpmMap serviceCidrs;
    private final MemorySegment blocks;
    private final BackendScheduler scheduler;
    private final SessionAffinity affinity;

    BackendSelector(ServiceMaps maps, Conntrack conntrack, ConntrackWorker worker, Random random) {
        this.vips = maps.vips();
        this.serviceCidrs = maps.serviceCidrs();
        this.blocks = maps.blocks();
        this.scheduler = new BackendScheduler(maps, conntrack, random);
        this.affinity = new SessionAffinity(conntrack, worker);
    }

    /**
     * Looks up the Service of frame {@code i}.
     *
     * @return what {@link Selection#reason} is from now on
     */
    Reason find(Burst burst, int i, NodeSettings node, Selection selection) {
        selection.isChosen = false;
        selection.reason = findService(burst, i, node, selection);
        return selection.reason;
    }

    private Reason findService(Burst burst, int i, NodeSettings node, Selection selection) {
        long destinationHi = burst.destinationHi(i);
        long destinationLo = burst.destinationLo(i);
        long vip = vips.get(destinationHi, destinationLo, VipValue.key(burst.transport(i)));
        if (vip == 0) {
            return withoutVip(destinationHi, destinationLo);
        }
        long block = VipValue.block(vip);
        long sourceHi = burst.sourceHi(i);
        long sourceLo = burst.sourceLo(i);
        if (VipValue.checkRanges(vip) && !ServiceBlock.isInRanges(blocks, block, sourceHi, sourceLo)) {
            return Reason.SOURCE_NOT_ALLOWED;
        }
        if (ServiceBlock.clusterCount(blocks, block) == 0) {
            return Reason.NO_ENDPOINTS;
        }
        boolean local = decidePolicy(vip, burst, i, node, selection);
        int count = local ? ServiceBlock.localCount(blocks, block) : ServiceBlock.clusterCount(blocks, block);
        if (count == 0) {
            return Reason.NO_LOCAL_ENDPOINTS;
        }
        selection.block = block;
        selection.local = local;
        selection.count = count;
        selection.serviceId = ServiceBlock.serviceId(blocks, block);
        selection.affinitySeconds = ServiceBlock.affinitySeconds(blocks, block);
        selection.bridge = node.bridgeNetwork(sourceHi, sourceLo);
        return Reason.SERVICE;
    }

    /** Returns the scheduler of a Service that was found. */
    Scheduler scheduler(Selection selection) {
        return scheduler.of(selection.block);
    }

    /** Chooses a backend of the Service that was found. */
    void choose(Burst burst, int i, long nowNs, Selection selection) {
        long sourceHi = burst.sourceHi(i);
        long sourceLo = burst.sourceLo(i);
        long backend = selection.affinitySeconds == 0 ? NONE : remembered(sourceHi, sourceLo, nowNs, selection);
        if (backend == NONE) {
            backend = scheduler.choose(
                    selection.block,
                    selection.local,
                    selection.count,
                    sourceHi,
                    sourceLo,
                    FiveTuple.sourcePort(burst.transport(i)),
                    burst.destinationHi(i),
                    burst.destinationLo(i));
        }
        take(backend, sourceHi, sourceLo, selection);
    }

    /**
     * Makes the selection the client's memory, where the service port has session affinity. To be called once it is certain that the packet
     * opens a connection; the selection changes if another worker chose for the client at the same time.
     */
    void remember(Burst burst, int i, long nowNs, Selection selection) {
        if (selection.affinitySeconds == 0) {
            return;
        }
        long sourceHi = burst.sourceHi(i);
        long sourceLo = burst.sourceLo(i);
        int winner = affinity.remember(
                selection.serviceId,
                sourceHi,
                sourceLo,
                selection.rememberedId,
                selection.backendId,
                selection.affinitySeconds,
                nowNs);
        if (winner != selection.backendId) {
            long backend = find(winner, selection);
            if (backend != NONE) {
                take(backend, sourceHi, sourceLo, selection);
            }
        }
    }

    /** Returns the record of the client's last backend, {@link #NONE} where it has none of use. */
    private long remembered(long sourceHi, long sourceLo, long nowNs, Selection selection) {
        long memory = affinity.lookup(selection.serviceId, sourceHi, sourceLo);
        selection.rememberedId = memory < 0 ? 0 : affinity.backendId(memory);
        return memory < 0 || affinity.isOver(memory, selection.affinitySeconds, nowNs)
                ? NONE
                : find(selection.rememberedId, selection);
    }

    /** Returns the record of a backend in the set in force, {@link #NONE} where it is not in there (any more). */
    private long find(int id, Selection selection) {
        if (id == 0) {
            return NONE;
        }
        long block = selection.block;
        long backend =
                selection.local ? ServiceBlock.localBackends(blocks, block) : ServiceBlock.clusterBackends(block);
        long end = backend + (long) selection.count * ServiceBlock.RECORD_BYTES;
        for (; backend < end; backend += ServiceBlock.RECORD_BYTES) {
            if (ServiceBlock.backendId(blocks, backend) == id) {
                return backend;
            }
        }
        return NONE;
    }

    private void take(long backend, long sourceHi, long sourceLo, Selection selection) {
        long backendHi = ServiceBlock.addressHi(blocks, backend);
        long backendLo = ServiceBlock.addressLo(blocks, backend);
        boolean hairpin = backendHi == sourceHi && backendLo == sourceLo; // masqueraded whatever the policy
        // A backend on the client's bridge would answer it directly, from an address that the client does not know.
        boolean sameBridge = selection.bridge != null && selection.bridge.contains(backendHi, backendLo);
        selection.backendHi = backendHi;
        selection.backendLo = backendLo;
        selection.backendPort = ServiceBlock.port(blocks, backend);
        selection.backendId = ServiceBlock.backendId(blocks, backend);
        selection.masquerade = selection.policyMasquerades || hairpin || sameBridge;
        selection.isChosen = true;
    }

    /** Decides about a destination that is no virtual address with the port at hand. */
    Reason withoutVip(long destinationHi, long destinationLo) {
        if (vips.get(destinationHi, destinationLo, VipValue.ANY_PORT) != 0) {
            return Reason.SERVICE_PORT_UNKNOWN;
        }
        return serviceCidrs.lookup(destinationHi, destinationLo) != 0
                ? Reason.SERVICE_ADDRESS_UNALLOCATED
                : NOT_A_SERVICE;
    }

    /** Sets {@link Selection#policyMasquerades} and returns whether only local backends may be chosen. */
    private boolean decidePolicy(long vip, Burst burst, int i, NodeSettings node, Selection selection) {
        long sourceHi = burst.sourceHi(i);
        long sourceLo = burst.sourceLo(i);
        boolean detects = node.detectsLocal(Address.isIpv4(sourceHi, sourceLo));
        boolean localPod = detects && node.isLocalPod(burst.ingress(i), sourceHi, sourceLo);
        boolean localOnly = VipValue.localOnly(vip);
        if (!VipValue.isExternal(vip)) {
            selection.policyMasquerades = node.masqueradeAll() || detects && !localPod;
            return localOnly;
        }
        if (!localOnly) {
            selection.policyMasquerades = true;
            return false;
        }
        // Policy Local: this node's pods and processes take a short circuit to the whole cluster.
        boolean fromNode = !localPod && node.isNodeAddress(sourceHi, sourceLo);
        selection.policyMasquerades = fromNode;
        return !localPod && !fromNode;
    }
}

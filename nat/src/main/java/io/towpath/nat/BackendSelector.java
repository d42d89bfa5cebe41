package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackWorker;
import io.towpath.maps.LpmMap;
import io.towpath.maps.WordMap;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.lang.foreign.MemorySegment;

/**
 * Decides what becomes of a new connection: which backend it gets and whether it is masqueraded, as kube-proxy's nftables mode decides.
 *
 * <p>One per worker; a call leaves its answer in the fields, so that nothing is allocated.
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

    /** Valid after {@link #select} returned {@link Reason#SERVICE}. */
    long backendHi;

    long backendLo;
    int backendPort;
    int backendId;
    int serviceId;
    boolean masquerade;

    /** Of the selection at hand, for {@link #remember}. */
    private long block;

    private boolean local;
    private int count;
    private int affinitySeconds;
    private int rememberedId;
    private boolean policyMasquerades;
    /** The client's bridge network, null where it is on none. */
    private Prefix bridge;

    BackendSelector(ServiceMaps maps, Conntrack conntrack, ConntrackWorker worker, Random random) {
        this.vips = maps.vips();
        this.serviceCidrs = maps.serviceCidrs();
        this.blocks = maps.blocks();
        this.scheduler = new BackendScheduler(maps, conntrack, random);
        this.affinity = new SessionAffinity(conntrack, worker);
    }

    /**
     * Looks up the Service of frame {@code i} and chooses a backend.
     *
     * @return {@link Reason#SERVICE}, {@link #NOT_A_SERVICE}, or why the connection is rejected or dropped
     */
    Reason select(Burst burst, int i, NodeSettings node, long nowNs) {
        long destinationHi = burst.destinationHi(i);
        long destinationLo = burst.destinationLo(i);
        long transport = burst.transport(i);
        long vip = vips.get(destinationHi, destinationLo, VipValue.key(transport));
        if (vip == 0) {
            return withoutVip(destinationHi, destinationLo);
        }
        block = VipValue.block(vip);
        serviceId = ServiceBlock.serviceId(blocks, block);
        long sourceHi = burst.sourceHi(i);
        long sourceLo = burst.sourceLo(i);
        if (VipValue.checkRanges(vip) && !ServiceBlock.isInRanges(blocks, block, sourceHi, sourceLo)) {
            return Reason.SOURCE_NOT_ALLOWED;
        }
        if (ServiceBlock.clusterCount(blocks, block) == 0) {
            return Reason.NO_ENDPOINTS;
        }
        local = decidePolicy(vip, burst, i, node);
        bridge = node.bridgeNetwork(sourceHi, sourceLo);
        count = local ? ServiceBlock.localCount(blocks, block) : ServiceBlock.clusterCount(blocks, block);
        if (count == 0) {
            return Reason.NO_LOCAL_ENDPOINTS;
        }
        affinitySeconds = ServiceBlock.affinitySeconds(blocks, block);
        long backend = affinitySeconds == 0 ? NONE : remembered(sourceHi, sourceLo, nowNs);
        if (backend == NONE) {
            int sourcePort = FiveTuple.sourcePort(transport);
            backend =
                    scheduler.choose(block, local, count, sourceHi, sourceLo, sourcePort, destinationHi, destinationLo);
        }
        take(backend, sourceHi, sourceLo);
        return Reason.SERVICE;
    }

    /**
     * Makes the selection the client's memory, where the service port has session affinity. To be called once it is certain that the packet
     * opens a connection; the selection changes if another worker chose for the client at the same time.
     */
    void remember(Burst burst, int i, long nowNs) {
        if (affinitySeconds == 0) {
            return;
        }
        long sourceHi = burst.sourceHi(i);
        long sourceLo = burst.sourceLo(i);
        int winner = affinity.remember(serviceId, sourceHi, sourceLo, rememberedId, backendId, affinitySeconds, nowNs);
        if (winner != backendId) {
            long backend = find(winner);
            if (backend != NONE) {
                take(backend, sourceHi, sourceLo);
            }
        }
    }

    /** Returns the record of the client's last backend, {@link #NONE} where it has none of use. */
    private long remembered(long sourceHi, long sourceLo, long nowNs) {
        long memory = affinity.lookup(serviceId, sourceHi, sourceLo);
        rememberedId = memory < 0 ? 0 : affinity.backendId(memory);
        return memory < 0 || affinity.isOver(memory, affinitySeconds, nowNs) ? NONE : find(rememberedId);
    }

    /** Returns the record of a backend in the set in force, {@link #NONE} where it is not in there (any more). */
    private long find(int id) {
        if (id == 0) {
            return NONE;
        }
        long backend = local ? ServiceBlock.localBackends(blocks, block) : ServiceBlock.clusterBackends(block);
        long end = backend + (long) count * ServiceBlock.RECORD_BYTES;
        for (; backend < end; backend += ServiceBlock.RECORD_BYTES) {
            if (ServiceBlock.backendId(blocks, backend) == id) {
                return backend;
            }
        }
        return NONE;
    }

    private void take(long backend, long sourceHi, long sourceLo) {
        backendHi = ServiceBlock.addressHi(blocks, backend);
        backendLo = ServiceBlock.addressLo(blocks, backend);
        backendPort = ServiceBlock.port(blocks, backend);
        backendId = ServiceBlock.backendId(blocks, backend);
        boolean hairpin = backendHi == sourceHi && backendLo == sourceLo; // masqueraded whatever the policy
        // A backend on the client's bridge would answer it directly, from an address that the client does not know.
        boolean sameBridge = bridge != null && bridge.contains(backendHi, backendLo);
        masquerade = policyMasquerades || hairpin || sameBridge;
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

    /** Sets {@link #policyMasquerades} and returns whether only local backends may be chosen. */
    private boolean decidePolicy(long vip, Burst burst, int i, NodeSettings node) {
        long sourceHi = burst.sourceHi(i);
        long sourceLo = burst.sourceLo(i);
        boolean detects = node.detectsLocal(Address.isIpv4(sourceHi, sourceLo));
        boolean localPod = detects && node.isLocalPod(burst.ingress(i), sourceHi, sourceLo);
        boolean localOnly = VipValue.localOnly(vip);
        if (!VipValue.isExternal(vip)) {
            policyMasquerades = node.masqueradeAll() || detects && !localPod;
            return localOnly;
        }
        if (!localOnly) {
            policyMasquerades = true;
            return false;
        }
        // Policy Local: this node's pods and processes take a short circuit to the whole cluster.
        boolean fromNode = !localPod && node.isNodeAddress(sourceHi, sourceLo);
        policyMasquerades = fromNode;
        return !localPod && !fromNode;
    }
}

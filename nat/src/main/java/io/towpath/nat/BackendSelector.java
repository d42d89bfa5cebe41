package io.towpath.nat;

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
 * <p>One per worker; a call leaves its answer in the fields, so that nothing is allocated.
 */
final class BackendSelector {
    /** The packet is not for a Service: it goes on untranslated. */
    static final Reason NOT_A_SERVICE = Reason.ROUTED;

    private final WordMap vips;
    private final LpmMap serviceCidrs;
    private final MemorySegment blocks;
    private final Random random;

    /** Valid after {@link #select} returned {@link Reason#SERVICE}. */
    long backendHi;

    long backendLo;
    int backendPort;
    int backendId;
    int serviceId;
    boolean masquerade;

    BackendSelector(ServiceMaps maps, Random random) {
        this.vips = maps.vips();
        this.serviceCidrs = maps.serviceCidrs();
        this.blocks = maps.blocks();
        this.random = random;
    }

    /**
     * Looks up the Service of frame {@code i} and chooses a backend.
     *
     * @return {@link Reason#SERVICE}, {@link #NOT_A_SERVICE}, or why the connection is rejected or dropped
     */
    Reason select(Burst burst, int i, NodeSettings node) {
        long destinationHi = burst.destinationHi[i];
        long destinationLo = burst.destinationLo[i];
        long transport = burst.transport[i];
        long vip = vips.get(destinationHi, destinationLo, VipValue.key(transport));
        if (vip == 0) {
            return withoutVip(destinationHi, destinationLo);
        }
        long block = VipValue.block(vip);
        serviceId = ServiceBlock.serviceId(blocks, block);
        long sourceHi = burst.sourceHi[i];
        long sourceLo = burst.sourceLo[i];
        if (VipValue.checkRanges(vip) && !ServiceBlock.isInRanges(blocks, block, sourceHi, sourceLo)) {
            return Reason.SOURCE_NOT_ALLOWED;
        }
        if (ServiceBlock.clusterCount(blocks, block) == 0) {
            return Reason.NO_ENDPOINTS;
        }
        boolean local = decidePolicy(vip, burst, i, node);
        int count = local ? ServiceBlock.localCount(blocks, block) : ServiceBlock.clusterCount(blocks, block);
        if (count == 0) {
            return Reason.NO_LOCAL_ENDPOINTS;
        }
        choose(block, local, count, sourceHi, sourceLo, FiveTuple.sourcePort(transport));
        masquerade |= backendHi == sourceHi && backendLo == sourceLo; // hairpin, whatever the policy
        return Reason.SERVICE;
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

    /** Sets {@link #masquerade} and returns whether only local backends may be chosen. */
    private boolean decidePolicy(long vip, Burst burst, int i, NodeSettings node) {
        long sourceHi = burst.sourceHi[i];
        long sourceLo = burst.sourceLo[i];
        boolean detects = node.detectsLocal(Address.isIpv4(sourceHi, sourceLo));
        boolean localPod = detects && node.isLocalPod(burst.ingress[i], sourceHi, sourceLo);
        boolean localOnly = VipValue.localOnly(vip);
        if (!VipValue.isExternal(vip)) {
            masquerade = node.masqueradeAll() || detects && !localPod;
            return localOnly;
        }
        if (!localOnly) {
            masquerade = true;
            return false;
        }
        // Policy Local: this node's pods and processes take a short circuit to the whole cluster.
        boolean fromNode = !localPod && node.isNodeAddress(sourceHi, sourceLo);
        masquerade = fromNode;
        return !localPod && !fromNode;
    }

    private void choose(long block, boolean local, int count, long sourceHi, long sourceLo, int sourcePort) {
        long maglev = local ? ServiceBlock.localMaglev(blocks, block) : ServiceBlock.clusterMaglev(blocks, block);
        int index = maglev == 0
                ? random.nextInt(count)
                : ServiceBlock.maglevEntry(blocks, maglev, Maglev.slot(sourceHi, sourceLo, sourcePort));
        long first = local ? ServiceBlock.localBackends(blocks, block) : ServiceBlock.clusterBackends(block);
        long backend = first + (long) index * ServiceBlock.RECORD_BYTES;
        backendHi = ServiceBlock.addressHi(blocks, backend);
        backendLo = ServiceBlock.addressLo(blocks, backend);
        backendPort = ServiceBlock.port(blocks, backend);
        backendId = ServiceBlock.backendId(blocks, backend);
    }
}

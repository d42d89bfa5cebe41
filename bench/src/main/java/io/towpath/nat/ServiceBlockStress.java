package io.towpath.nat;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.towpath.bench.Rig;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.wire.Address;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * A Service changes under a worker that chooses a backend: the number of backends and all their ports go with one version. Result: whether
 * what the worker read was of one.
 */
@JCStressTest
@Outcome(id = "1", expect = ACCEPTABLE, desc = "The old version or the new one, whole.")
@Outcome(id = "0", expect = FORBIDDEN, desc = "The Service was gone for a moment.")
@Outcome(expect = FORBIDDEN, desc = "Half of one version, half of another.")
@State
public class ServiceBlockStress {
    private static final int PORT_UNIT = 1000;
    private static final Quiescence QUIESCENCE = new Quiescence(1);
    private static final ServiceMaps MAPS = new ServiceMaps(new AnonymousMapStore(), 1, 1, QUIESCENCE);
    private static final ServiceWriter WRITER = new ServiceWriter(MAPS, warning -> {});
    private static final long VIP = Address.mapped(Rig.vip(0));
    /** One and two backends: their blocks are of one size, so each takes the memory of one before. */
    private static final List<DesiredState> VERSIONS = List.of(version(1), version(2));

    private static int version; // writer only

    static {
        WRITER.apply(VERSIONS.get(0));
        QUIESCENCE.online(0);
    }

    private static DesiredState version(int backends) {
        return Rig.state(List.of(Rig.service(0, Protocol.UDP, backends, PORT_UNIT * backends, Scheduler.RANDOM)));
    }

    @Actor
    public void writer() {
        version ^= 1;
        WRITER.apply(VERSIONS.get(version));
    }

    @Actor
    public void reader(I_Result r) {
        long vip = MAPS.vips().get(0, VIP, VipValue.key(Rig.SERVICE_PORT, Protocol.UDP.number()));
        r.r1 = vip == 0 ? 0 : isOfOneVersion(VipValue.block(vip)) ? 1 : 9;
        QUIESCENCE.quiescent(0);
    }

    private static boolean isOfOneVersion(long block) {
        var blocks = MAPS.blocks();
        int count = ServiceBlock.clusterCount(blocks, block);
        boolean whole = count == 1 || count == 2;
        long backend = ServiceBlock.clusterBackends(block);
        for (int i = 0; i < count; i++, backend += ServiceBlock.RECORD_BYTES) {
            whole &= ServiceBlock.port(blocks, backend) == PORT_UNIT * count
                    && Address.isIpv4(ServiceBlock.addressHi(blocks, backend), ServiceBlock.addressLo(blocks, backend));
        }
        return whole && ServiceBlock.clusterCount(blocks, block) == count;
    }
}

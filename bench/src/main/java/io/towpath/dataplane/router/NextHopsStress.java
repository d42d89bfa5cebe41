package io.towpath.dataplane.router;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import java.util.ArrayDeque;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * A neighbor's MAC address changes again and again, by one each time, under a worker that remembers its next hop by the version of the
 * neighbors. Result: whether the hop was as new as the version that the burst began with.
 */
@JCStressTest
@Outcome(id = "1", expect = ACCEPTABLE, desc = "What was known when the burst began, or newer.")
@Outcome(expect = FORBIDDEN, desc = "An address from before the version: it would stay until another neighbor changes.")
@State
public class NextHopsStress {
    private static final int PORT = 1;
    private static final long NEIGHBOR = 7;

    private static final Quiescence QUIESCENCE = new Quiescence(1);
    private static final Neighbors NEIGHBORS =
            Neighbors.create(new AnonymousMapStore(), 1, QUIESCENCE, new ArrayDeque<>()); // the writer's only
    private static final NextHops HOPS = new NextHops(NEIGHBORS);

    private static long mac; // writer only

    static {
        QUIESCENCE.online(0);
        change();
    }

    /** The n-th change has address n, and the version n follows it: the first is of nobody that was known. */
    private static void change() {
        NEIGHBORS.report(PORT, 0, NEIGHBOR, ++mac, 0);
        NEIGHBORS.update(0);
    }

    @Actor
    public void control() {
        change();
    }

    @Actor
    public void worker(I_Result r) {
        long version = NEIGHBORS.versionAcquire();
        HOPS.begin();
        long hop = HOPS.find(0, NEIGHBOR);
        if (hop == NextHops.UNKNOWN) {
            HOPS.put(0, NEIGHBOR, PORT, NEIGHBORS.mac(PORT, 0, NEIGHBOR));
            hop = HOPS.find(0, NEIGHBOR);
        }
        r.r1 = NextHops.mac(hop) >= version ? 1 : 0;
        QUIESCENCE.quiescent(0);
    }
}

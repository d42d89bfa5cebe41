package io.towpath.nat;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.towpath.bench.Rig;
import io.towpath.conntrack.Conntrack;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.wire.Address;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * Two workers have a new client's first two connections to a Service with affinity at once, and choose a backend each. Results: the backend
 * that counts, as each was told; the one that is remembered.
 */
@JCStressTest
@Outcome(
        id = {"1, 1, 1", "2, 2, 2"},
        expect = ACCEPTABLE,
        desc = "One is faster, and the other takes its backend.")
@Outcome(
        id = {"1, 2, 1", "1, 2, 2", "1, 2, 0"},
        expect = ACCEPTABLE_INTERESTING,
        desc =
                "The slower one came before the memory was live, and keeps its own choice; or both gave way and nothing is remembered. The client's next connections agree.")
@Outcome(expect = FORBIDDEN, desc = "Two memories of one client, or a backend that nobody chose.")
@State
public class SessionAffinityStress {
    private static final int SERVICE = 1;
    private static final int TIMEOUT_SECONDS = 60;
    private static final int HOUSEKEEPER = 2;
    private static final int SECOND_MEMORY = 10;

    private static final Quiescence QUIESCENCE = new Quiescence(2);
    private static final Conntrack CONNTRACK = Rig.conntrack(new AnonymousMapStore(), 1 << 18, 3, QUIESCENCE);
    private static final SessionAffinity[] WORKERS = {
        new SessionAffinity(CONNTRACK, CONNTRACK.worker(0)), new SessionAffinity(CONNTRACK, CONNTRACK.worker(1))
    };
    private static final AtomicInteger CLIENTS = new AtomicInteger();

    static {
        QUIESCENCE.online(0);
        QUIESCENCE.online(1);
    }

    private final long client = Address.mapped(CLIENTS.incrementAndGet());

    @Actor
    public void one(III_Result r) {
        r.r1 = remember(0, 1);
    }

    @Actor
    public void other(III_Result r) {
        r.r2 = remember(1, 2);
    }

    private int remember(int worker, int backend) {
        int counts = WORKERS[worker].remember(SERVICE, 0, client, 0, backend, TIMEOUT_SECONDS, 0);
        CONNTRACK.recycle(CONNTRACK.worker(worker));
        QUIESCENCE.quiescent(worker);
        return counts;
    }

    @Arbiter
    public void after(III_Result r) {
        synchronized (CONNTRACK) {
            long handle = WORKERS[0].lookup(SERVICE, 0, client);
            r.r3 = handle < 0 ? 0 : WORKERS[0].backendId(handle);
            if (handle >= 0) {
                CONNTRACK.remove(CONNTRACK.worker(HOUSEKEEPER), handle);
                r.r3 += WORKERS[0].lookup(SERVICE, 0, client) < 0 ? 0 : SECOND_MEMORY;
            }
            CONNTRACK.recycle(CONNTRACK.worker(HOUSEKEEPER));
        }
    }
}

package io.towpath.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.towpath.conntrack.Linearizability.Connection;
import io.towpath.conntrack.Linearizability.Kind;
import io.towpath.conntrack.Linearizability.Operation;
import java.util.List;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

/**
 * Whatever two to four workers are told while they use one table must be what a plain map would have told them, in some order; and no worker
 * ever waits for another, wherever that one is stopped. Workers take turns at each access to shared memory, as a seed says.
 */
final class ConntrackHistoryTest {
    private static final int HISTORIES = 100;
    /** Entries enough for a history in which no removed one becomes free. */
    private static final int PLENTY = 1024;
    /** Less than the connections that the tuples allow. */
    private static final int FEW = 4;
    /** Accesses to memory in the longest operation, about: a worker is stopped at each of them in turn. */
    private static final int STOPS = 300;

    private final ClassLoader stepped = new SteppedClasses();

    @Test
    void shouldAnswerTwoWorkersAsAMapWould() throws Exception {
        explain(2, PLENTY, false);
    }

    @Test
    void shouldAnswerThreeWorkersThatSweepAsAMapWould() throws Exception {
        explain(3, PLENTY, true);
    }

    @Test
    void shouldAnswerFourWorkersThatDisplaceConnectionsAsAMapWould() throws Exception {
        explain(4, FEW, true);
    }

    @Test
    void shouldTakeNoHistoryForExplainedThatIsNot() {
        var connection = new Connection(1, 0, 1, false);
        Operation created = new Operation(0, Kind.CREATED, connection, 0, 0, false, 0, 3);
        Operation found = new Operation(1, Kind.LOOKUP, null, 0, 1 << 1, false, 1, 2);
        Operation missed = new Operation(1, Kind.LOOKUP, null, 1, 0, false, 4, 5);
        Operation again = new Operation(1, Kind.CREATED, new Connection(2, 1, 2, false), 0, 0, false, 4, 5);
        Operation conflict = new Operation(1, Kind.CONFLICT, new Connection(2, 3, 2, false), 3, 0, false, 4, 5);

        assertNull(Linearizability.firstUnexplained(List.of(created, found), 2), "found before create returned");
        assertEquals(missed, Linearizability.firstUnexplained(List.of(created, missed), 2));
        assertEquals(again, Linearizability.firstUnexplained(List.of(created, again), 2));
        assertEquals(conflict, Linearizability.firstUnexplained(List.of(created, conflict), 2));
    }

    @Test
    void shouldLetAllOthersGoOnWhereverAWorkerIsStopped() throws Exception {
        for (int stopAfter = 0; stopAfter < STOPS; stopAfter++) {
            assertNull(run(3, PLENTY, true, stopAfter).apply(stopAfter), "stopped after " + stopAfter);
        }
    }

    private void explain(int threads, int entries, boolean sweeps) throws Exception {
        LongFunction<String> run = run(threads, entries, sweeps, -1);
        for (int seed = 0; seed < HISTORIES; seed++) {
            assertNull(run.apply(seed), "seed " + seed);
        }
    }

    @SuppressWarnings("unchecked")
    private LongFunction<String> run(int threads, int entries, boolean sweeps, int stopAfter) throws Exception {
        return (LongFunction<String>) stepped.loadClass(HistoryRun.class.getName())
                .getConstructor(int.class, int.class, boolean.class, int.class)
                .newInstance(threads, entries, sweeps, stopAfter);
    }
}

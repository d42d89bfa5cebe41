package io.towpath.conntrack;

import io.towpath.conntrack.Linearizability.Connection;
import io.towpath.conntrack.Linearizability.Kind;
import io.towpath.conntrack.Linearizability.Operation;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * Workers that create, look up, remove, sweep and displace connections which want a handful of tuples, each of which is the original tuple
 * of some and the reply tuple of others; and what they were told. Loaded by {@link SteppedClasses}: from outside it is a function of JDK types.
 */
public final class HistoryRun implements LongFunction<String> {
    private static final int TUPLES = 5;
    /** Of a worker. */
    private static final int TURNS = 40;

    private static final int BACKEND_ID = 7;
    /** Entries looked at: those of a page. */
    private static final int SWEEP_LIMIT = 33;

    private static final long SECOND_NS = 1_000_000_000L;
    private static final long NOW_NS = 1_000 * SECOND_NS;
    /** Longer than a UDP connection without an answer lives. */
    private static final long LONG_AGO_NS = NOW_NS - 60 * SECOND_NS;

    private final int threads;
    private final int entries;
    private final boolean sweeps;
    private final int stopAfter;

    /**
     * @param sweeps whether workers sweep, and half of the connections are to be found expired
     * @param stopAfter accesses to memory after which one worker is stopped for good; below 0 if none shall be
     */
    public HistoryRun(int threads, int entries, boolean sweeps, int stopAfter) {
        this.threads = threads;
        this.entries = entries;
        this.sweeps = sweeps;
        this.stopAfter = stopAfter;
    }

    /** Returns null if all was as it must be, or what was not. */
    @Override
    public String apply(long seed) {
        try (AnonymousMapStore store = new AnonymousMapStore()) {
            Table table = new Table(this, store);
            List<Actor> actors = IntStream.range(0, threads)
                    .mapToObj(number -> new Actor(table, number, seed * 31 + number))
                    .toList();
            Schedule schedule = new Schedule(seed, stopAfter);
            boolean stopped = schedule.run(
                    actors.stream().map(actor -> (Runnable) actor::run).toList());
            List<Operation> history = new ArrayList<>();
            actors.forEach(actor -> history.addAll(actor.done));
            long finished = actors.stream().filter(actor -> actor.isDone).count();
            if (finished != threads - (stopped ? 1 : 0)) {
                return finished + " of " + threads + " workers came to their ends";
            }
            return stopped ? null : table.fault(history);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The table, and what is to be known of a history of it. */
    private static final class Table {
        final Quiescence quiescence;
        final Conntrack conntrack;
        final int threads;
        final boolean sweeps;
        final boolean isSmall;
        /** Numbers calls and returns: an operation that returned before another was called has the lower number. */
        long time;

        int ids;

        Table(HistoryRun run, AnonymousMapStore store) {
            var config = ConntrackConfig.defaults().withMaxEntries(run.entries);
            this.threads = run.threads;
            this.quiescence = new Quiescence(threads);
            this.conntrack = new Conntrack(store, config, threads, BACKEND_ID + 1, 42, quiescence);
            this.sweeps = run.sweeps;
            this.isSmall = run.entries < TUPLES;
        }

        String fault(List<Operation> history) {
            if (!isSmall && history.stream().anyMatch(Operation::evicts)) {
                return "a table with room was full";
            }
            Operation unexplained = Linearizability.firstUnexplained(history, threads);
            if (unexplained != null) {
                return unexplained + " in " + around(history, unexplained);
            }
            AtomicLong live = new AtomicLong();
            conntrack.forEachLive(1, conntrack.pagesEnd(), entry -> live.incrementAndGet());
            long made = sum(worker -> worker.created) - sum(worker -> worker.ended);
            long counted = conntrack.connections(BACKEND_ID);
            return made == live.get() && counted == made
                    ? null
                    : live + " connections left, " + made + " by creations and removals, " + counted + " by backend";
        }

        private long sum(ToLongFunction<ConntrackWorker> count) {
            return IntStream.range(0, threads)
                    .mapToObj(conntrack::worker)
                    .mapToLong(count)
                    .sum();
        }

        private static List<Operation> around(List<Operation> history, Operation unexplained) {
            return history.stream()
                    .filter(operation -> operation.returnedAt() > unexplained.calledAt() - 20
                            && operation.calledAt() < unexplained.returnedAt())
                    .toList();
        }
    }

    /** A worker's part of a history. Its thread only, but for {@code done} after it ended. */
    private static final class Actor {
        private static final long DESTINATION = Address.parse("10.0.1.1").lo();
        private static final long TRANSPORT = FiveTuple.transport(1000, 80, FiveTuple.UDP);

        final Table table;
        final int number;
        final ConntrackWorker worker;
        final SplittableRandom random;
        final List<Operation> done = new ArrayList<>();
        boolean isDone;

        Actor(Table table, int number, long seed) {
            this.table = table;
            this.number = number;
            this.worker = table.conntrack.worker(number);
            this.random = new SplittableRandom(seed);
        }

        void run() {
            table.quiescence.online(number);
            for (int turn = 0; turn < TURNS; turn++) {
                int choice = random.nextInt(16);
                if (choice < 7) {
                    create();
                } else if (choice < 15 || !table.sweeps) {
                    lookup(random.nextInt(TUPLES), choice < 11);
                } else {
                    sweep();
                }
                endTurn();
            }
            table.quiescence.offline(number);
            isDone = true;
        }

        /** Ends a turn as a burst ends. */
        private void endTurn() {
            table.quiescence.quiescent(number);
            if (random.nextInt(4) == 0) {
                table.conntrack.recycle(worker);
            }
        }

        private void record(Kind kind, Connection connection, int tuple, int result, boolean evicts, long calledAt) {
            long returnedAt = table.time++;
            done.add(new Operation(number, kind, connection, tuple, result, evicts, calledAt, returnedAt));
        }

        private void create() {
            int original = random.nextInt(TUPLES);
            int reply = (original + 1 + random.nextInt(TUPLES - 1)) % TUPLES;
            boolean expired = table.sweeps && random.nextBoolean();
            var connection = new Connection(++table.ids, original, reply, expired);
            worker.originalSourceLo = source(original);
            worker.originalDestinationLo = DESTINATION;
            worker.originalTransport = TRANSPORT;
            worker.replySourceLo = source(reply);
            worker.replyDestinationLo = DESTINATION;
            worker.replyTransport = TRANSPORT;
            worker.serviceId = connection.id();
            worker.backendId = BACKEND_ID;
            if (random.nextBoolean()) {
                table.conntrack.prepare(worker, false, 1);
            }
            long calledAt = table.time++;
            long created = table.conntrack.create(worker, expired ? LONG_AGO_NS : NOW_NS);
            if (created >= 0) {
                record(Kind.CREATED, connection, 0, 0, false, calledAt);
            } else if (created == Conntrack.CONFLICT_ORIGINAL || created == Conntrack.CONFLICT_REPLY) {
                int tuple = created == Conntrack.CONFLICT_ORIGINAL ? original : reply;
                record(Kind.CONFLICT, connection, tuple, 0, false, calledAt);
            } else {
                record(Kind.REFUSED, connection, 0, 0, created == Conntrack.FULL, calledAt);
            }
        }

        private void lookup(int tuple, boolean thenRemove) {
            long source = source(tuple);
            long hash = table.conntrack.index().hash(0, source, 0, DESTINATION, TRANSPORT);
            long calledAt = table.time++;
            long found = table.conntrack.index().lookup(hash, 0, source, 0, DESTINATION, TRANSPORT);
            int id = found < 0 ? 0 : Entry.serviceId(Conntrack.entry(found));
            record(Kind.LOOKUP, null, tuple, id << 1 | (id == 0 ? 0 : Conntrack.direction(found)), false, calledAt);
            if (found >= 0 && thenRemove) {
                int original = Conntrack.direction(found) == 0 ? tuple : otherTuple(found);
                int reply = Conntrack.direction(found) == 0 ? otherTuple(found) : tuple;
                calledAt = table.time++;
                boolean removed = table.conntrack.remove(worker, found);
                record(Kind.REMOVE, new Connection(id, original, reply, false), 0, removed ? 1 : 0, false, calledAt);
            }
        }

        private static int otherTuple(long found) {
            return (int) (EntryTuple.sourceLo(Conntrack.entry(found), 1 - Conntrack.direction(found)) - source(0));
        }

        private void sweep() {
            long calledAt = table.time++;
            table.conntrack.sweep(worker, NOW_NS, SWEEP_LIMIT);
            record(Kind.SWEEP, null, 0, 0, false, calledAt);
        }

        private static long source(int tuple) {
            return Address.parse("10.0.0.1").lo() + tuple;
        }
    }
}

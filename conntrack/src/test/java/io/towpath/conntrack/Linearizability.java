package io.towpath.conntrack;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Tells whether one order of all operations explains what each thread was told: an order that keeps to real time, in which the table is a
 * plain map of tuples to connections (Herlihy, Wing 1990; searched as Lowe does, "Testing for Linearizability", 2017).
 *
 * <p>All states that the map may be in are carried along the history: between call and return an operation may take effect at any time, and
 * at its return only those states stay in which it has. A state is the connection that owns each tuple, 12 bits a tuple.
 *
 * <p>Two things are less strict than a map. Whoever sweeps or makes room may remove while the call lasts what it is for. And a refusal needs
 * no owner of the tuple in any state if somebody else was entering or removing one meanwhile: the table refuses a tuple from the moment
 * its entry is in the index, a little before the entry is live, until a little after it is not.
 */
final class Linearizability {
    private static final int ID_BITS = 12;
    private static final long ID_MASK = (1 << ID_BITS) - 1;
    static final int MAX_ID = (int) ID_MASK;
    static final int MAX_TUPLES = Long.SIZE / ID_BITS;

    enum Kind {
        CREATED,
        CONFLICT,
        REFUSED,
        LOOKUP,
        REMOVE,
        SWEEP
    }

    /**
     * An operation and its outcome.
     *
     * @param connection of a creation: that one; of a removal: what the handle belonged to
     * @param tuple looked up, or why there was a conflict
     * @param result of a look-up: {@code id << 1 | direction}, 0 for none; of a removal: whether it was the one (1, 0)
     * @param evicts whether it may displace any connection
     */
    record Operation(
            int thread,
            Kind kind,
            Connection connection,
            int tuple,
            int result,
            boolean evicts,
            long calledAt,
            long returnedAt) {

        private boolean touches(int wanted) {
            return kind == Kind.SWEEP
                    || evicts
                    || connection != null && (connection.original == wanted || connection.reply == wanted);
        }
    }

    /** What a creation asks for: its number from 1, its tuples' numbers, and whether a sweep finds it expired. */
    record Connection(int id, int original, int reply, boolean expired) {}

    /** A state of the map, and which threads' open operations have had their effect, a bit each. */
    private record Point(long owners, int done) {}

    private record Event(long at, Operation operation, boolean isReturn) {}

    private final Connection[] connections = new Connection[MAX_ID + 1];
    private final Operation[] open;
    private final Set<Operation> excused = new HashSet<>();

    private Linearizability(List<Operation> history, int threads) {
        open = new Operation[threads];
        for (Operation operation : history) {
            if (operation.kind == Kind.CREATED) {
                connections[operation.connection.id] = operation.connection;
            }
        }
    }

    /** Returns null if there is such an order, else the first operation whose outcome none explains. */
    static Operation firstUnexplained(List<Operation> history, int threads) {
        return new Linearizability(history, threads).search(history);
    }

    private Operation search(List<Operation> history) {
        List<Event> events = new ArrayList<>();
        for (Operation operation : history) {
            events.add(new Event(operation.calledAt, operation, false));
            events.add(new Event(operation.returnedAt, operation, true));
        }
        events.sort(Comparator.comparingLong(Event::at));
        Set<Point> points = Set.of(new Point(0, 0));
        for (Event event : events) {
            if (event.isReturn) {
                points = returned(points, event.operation);
                if (points.isEmpty()) {
                    return event.operation;
                }
            } else {
                call(event.operation);
            }
        }
        return null;
    }

    private void call(Operation called) {
        for (Operation other : open) {
            if (other != null) {
                excuse(called, other);
                excuse(other, called);
            }
        }
        open[called.thread] = called;
    }

    private void excuse(Operation refused, Operation other) {
        if (refused.kind == Kind.CONFLICT && other.touches(refused.tuple)) {
            excused.add(refused);
        }
    }

    private Set<Point> returned(Set<Point> points, Operation operation) {
        Set<Point> reached = new HashSet<>(points);
        List<Point> rest = new ArrayList<>(points);
        while (!rest.isEmpty()) {
            Point point = rest.removeLast();
            for (Operation candidate : open) {
                if (candidate != null) {
                    follow(point, candidate, reached, rest);
                }
            }
        }
        int bit = 1 << operation.thread;
        Set<Point> kept = new HashSet<>();
        for (Point point : reached) {
            if ((point.done & bit) != 0) {
                kept.add(new Point(point.owners, point.done & ~bit));
            }
        }
        open[operation.thread] = null;
        return kept;
    }

    /** Adds the points that an open operation leads to. */
    private void follow(Point point, Operation operation, Set<Point> reached, List<Point> rest) {
        int bit = 1 << operation.thread;
        long owners = point.owners;
        if ((point.done & bit) == 0 && fits(operation, owners)) {
            add(new Point(after(operation, owners), point.done | bit), reached, rest);
        }
        if (operation.kind == Kind.SWEEP || operation.evicts) {
            for (int tuple = 0; tuple < MAX_TUPLES; tuple++) {
                int id = owner(owners, tuple);
                if (id != 0 && (operation.evicts || connections[id].expired)) {
                    add(new Point(without(owners, connections[id]), point.done), reached, rest);
                }
            }
        }
    }

    private static void add(Point point, Set<Point> reached, List<Point> rest) {
        if (reached.add(point)) {
            rest.add(point);
        }
    }

    private boolean fits(Operation operation, long owners) {
        Connection connection = operation.connection;
        return switch (operation.kind) {
            case CREATED -> owner(owners, connection.original) == 0 && owner(owners, connection.reply) == 0;
            case CONFLICT -> owner(owners, operation.tuple) != 0 || excused.contains(operation);
            case LOOKUP -> {
                int id = owner(owners, operation.tuple);
                int direction = id != 0 && connections[id].reply == operation.tuple ? 1 : 0;
                yield operation.result == (id << 1 | direction);
            }
            case REMOVE -> (owner(owners, connection.original) == connection.id) == (operation.result == 1);
            case REFUSED, SWEEP -> true;
        };
    }

    private static long after(Operation operation, long owners) {
        Connection connection = operation.connection;
        return switch (operation.kind) {
            case CREATED ->
                owners
                        | (long) connection.id << connection.original * ID_BITS
                        | (long) connection.id << connection.reply * ID_BITS;
            case REMOVE -> operation.result == 1 ? without(owners, connection) : owners;
            case CONFLICT, REFUSED, LOOKUP, SWEEP -> owners;
        };
    }

    private static long without(long owners, Connection connection) {
        return owners & ~(ID_MASK << connection.original * ID_BITS) & ~(ID_MASK << connection.reply * ID_BITS);
    }

    private static int owner(long owners, int tuple) {
        return (int) (owners >>> tuple * ID_BITS & ID_MASK);
    }
}

package io.towpath.nat;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.towpath.bench.Rig;
import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackWorker;
import io.towpath.conntrack.EntryIndex;
import io.towpath.conntrack.EntryTuple;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.Burst;
import io.towpath.packet.FiveTuple;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * Two workers masquerade towards one backend at once, with few ports: no port is live twice for one protocol, address and remote, and none is
 * refused that is free.
 *
 * <p>What an opener was told: the number of its port in the range, from 1; or {@link #EXHAUSTED}, {@link #CONTENDED}, {@link #OTHER}. Each
 * state has a masquerade address and clients of its own.
 */
public final class PortAllocationStress {
    private static final int EXHAUSTED = 7;
    private static final int CONTENDED = 8;
    private static final int OTHER = 9;

    private static final int FIRST_PORT = 40_000;
    private static final int HOUSEKEEPER = 2;
    private static final int WORKERS = 3;

    private static final Quiescence QUIESCENCE = new Quiescence(2);
    private static final Conntrack CONNTRACK = Rig.conntrack(new AnonymousMapStore(), 1 << 18, WORKERS, QUIESCENCE);
    private static final ServiceMaps MAPS = new ServiceMaps(new AnonymousMapStore(), WORKERS, 1, QUIESCENCE);
    private static final DesiredState STATE = new DesiredState(
            List.of(Rig.service(0, Protocol.UDP, 1, Rig.BACKEND_PORT, Scheduler.RANDOM)),
            List.of(),
            List.of(),
            new LocalDetector.None(),
            true);
    private static final NodeSettings NODE = new NodeSettings(STATE, List.of("eth0"));
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    static {
        new ServiceWriter(MAPS, warning -> {}).apply(STATE);
        QUIESCENCE.online(0);
        QUIESCENCE.online(1);
    }

    private PortAllocationStress() {}

    /** The address of the state at hand. */
    private static final class OwnAddress implements MasqueradeAddresses {
        int number;

        @Override
        public int towards(long backendHi, long backendLo) {
            return number;
        }

        @Override
        public long hi(int address) {
            return 0;
        }

        @Override
        public long lo(int address) {
            return Address.mapped(address);
        }
    }

    private static final class Worker {
        private final Burst burst = new Burst(Arena.global().allocate(Burst.LIMIT));
        private final OwnAddress address = new OwnAddress();
        private final ConntrackWorker worker;
        private final Connections connections;

        Worker(int number, PortRange ports) {
            worker = CONNTRACK.worker(number);
            connections = new Connections(CONNTRACK, worker, MAPS, address, ports, new Random(number));
            burst.add(0, 0, 0, 64);
            burst.destinationLo(0, Address.mapped(Rig.vip(0)));
            burst.transport(0, FiveTuple.transport(FIRST_PORT, Rig.SERVICE_PORT, FiveTuple.UDP));
        }

        /** Opens a connection of a client whose own port is the first of the range. Returns its handle, negative where it has none. */
        long open(int state, int client) {
            address.number = state;
            burst.sourceLo(0, client(state, client));
            burst.reason(0, Reason.NONE);
            return connections.open(burst, 0, NODE, 0);
        }

        /** Returns what the last opener was told. */
        int told(long handle) {
            if (handle >= 0) {
                return FiveTuple.destinationPort(EntryTuple.transport(Conntrack.entry(handle), 1)) - FIRST_PORT + 1;
            }
            return switch (burst.reason(0)) {
                case MASQUERADE_PORTS_EXHAUSTED -> EXHAUSTED;
                case CONNTRACK_CONTENDED -> CONTENDED;
                default -> OTHER;
            };
        }

        boolean remove(long handle) {
            return CONNTRACK.remove(worker, handle);
        }
    }

    private static long client(int state, int client) {
        return Address.mapped(state << 2 | client);
    }

    /** Workers 0 and 1 are the actors, worker 2 clears up; all with one range of ports. */
    private static final class Workers {
        private final Worker[] workers = new Worker[WORKERS];
        private final int ports;

        Workers(int ports) {
            this.ports = ports;
            for (int i = 0; i < WORKERS; i++) {
                workers[i] = new Worker(i, new PortRange(FIRST_PORT, FIRST_PORT + ports - 1));
            }
        }

        /** A turn of an actor. */
        int open(int worker, int state) {
            int told = workers[worker].told(workers[worker].open(state, worker));
            endTurn(worker);
            return told;
        }

        boolean remove(int worker, long handle) {
            boolean removed = handle >= 0 && workers[worker].remove(handle);
            endTurn(worker);
            return removed;
        }

        private static void endTurn(int worker) {
            CONNTRACK.recycle(CONNTRACK.worker(worker));
            QUIESCENCE.quiescent(worker);
        }

        /** Opens a connection before or after the race; any thread. Returns its handle, negative where it has none. */
        long openAside(int state) {
            synchronized (CONNTRACK) {
                return workers[HOUSEKEEPER].open(state, HOUSEKEEPER);
            }
        }

        /** Takes out what has the state's ports, any thread. Returns how many had one, or {@link #OTHER} where a direction is astray. */
        int clear(int state) {
            synchronized (CONNTRACK) {
                int live = 0;
                boolean stray = false;
                for (int port = 0; port < ports; port++) {
                    long handle = holder(state, port);
                    if (handle >= 0) {
                        stray |= !isWhole(handle);
                        live += workers[HOUSEKEEPER].remove(handle) ? 1 : 0;
                        stray |= holder(state, port) >= 0;
                    }
                }
                CONNTRACK.recycle(CONNTRACK.worker(HOUSEKEEPER));
                return stray ? OTHER : live;
            }
        }

        private static long holder(int state, int port) {
            long backend = Address.mapped(0x0AC0_0001);
            long address = Address.mapped(state);
            return lookup(backend, address, FiveTuple.transport(Rig.BACKEND_PORT, FIRST_PORT + port, FiveTuple.UDP));
        }

        private static boolean isWhole(long handle) {
            long entry = Conntrack.entry(handle);
            return Conntrack.direction(handle) == 1
                    && lookup(
                                    EntryTuple.sourceLo(entry, 0),
                                    EntryTuple.destinationLo(entry, 0),
                                    EntryTuple.transport(entry, 0))
                            == entry;
        }

        private static long lookup(long source, long destination, long transport) {
            EntryIndex index = CONNTRACK.index();
            return index.lookup(index.hash(0, source, 0, destination, transport), 0, source, 0, destination, transport);
        }
    }

    /** Two ports for two clients that both come from the first one. Results: what each was told; connections left. */
    @JCStressTest
    @Outcome(
            id = {"1, 2, 2", "2, 1, 2"},
            expect = ACCEPTABLE,
            desc = "One keeps its own port, the other has the next.")
    @Outcome(
            id = {"1, 8, 1", "8, 1, 1", "8, 8, 0"},
            expect = ACCEPTABLE_INTERESTING,
            desc = "A loser gives up after 16 attempts: its packet is dropped and counted.")
    @Outcome(expect = FORBIDDEN, desc = "A port live twice, or a client without one though there was one.")
    @State
    public static class TwoPorts {
        private static final Workers WORKERS = new Workers(2);
        private final int state = NUMBERS.incrementAndGet();

        @Actor
        public void one(III_Result r) {
            r.r1 = WORKERS.open(0, state);
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = WORKERS.open(1, state);
        }

        @Arbiter
        public void after(III_Result r) {
            r.r3 = WORKERS.clear(state);
        }
    }

    /**
     * The only port is given back while another client asks for it. Results: removed; what the client was told; connections left, and 10 more
     * if a third one has the port afterwards.
     */
    @JCStressTest
    @Outcome(id = "1, 1, 11", expect = ACCEPTABLE, desc = "The client has the port that became free.")
    @Outcome(id = "1, 7, 10", expect = ACCEPTABLE, desc = "The client came before. The next one has the port.")
    @Outcome(
            id = "1, 8, 10",
            expect = ACCEPTABLE_INTERESTING,
            desc = "The client gives up after 16 attempts: its packet is dropped and counted.")
    @Outcome(expect = FORBIDDEN, desc = "A port that is free stays taken, or one that is taken counts as free.")
    @State
    public static class Release {
        private static final Workers WORKERS = new Workers(1);
        private final int state = NUMBERS.incrementAndGet();
        private final long handle = WORKERS.openAside(state);

        @Actor
        public void remover(III_Result r) {
            r.r1 = WORKERS.remove(0, handle) ? 1 : 0;
        }

        @Actor
        public void client(III_Result r) {
            r.r2 = WORKERS.open(1, state);
        }

        @Arbiter
        public void after(III_Result r) {
            r.r3 = WORKERS.clear(state);
            r.r3 += WORKERS.openAside(state) >= 0 ? 10 : 0;
            WORKERS.clear(state);
        }
    }
}

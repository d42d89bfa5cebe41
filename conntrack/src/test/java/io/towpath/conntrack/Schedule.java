package io.towpath.conntrack;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs threads one at a time, and chooses before each access to shared memory who goes on: by a seed, so that a run can be had again, on a
 * machine with whatever cores. {@link SteppedClasses} puts the calls of {@link #point} into the code.
 */
public final class Schedule {
    /** One access in 2 to 2^8 lets another thread go on: some faults take threads that meet often, others one that is away for long. */
    private static final int RAREST_SWITCH = 8;
    /** Accesses after which a thread is taken to wait for another one: more than 100 times those of any run. */
    private static final int STEPS_LIMIT = 10_000_000;

    private final SplittableRandom random;
    private final int switchShare;
    private final List<Stepped> runnable = new ArrayList<>();
    private final Thread starter = Thread.currentThread();
    /** Accesses until the thread that runs then is stopped for good; below 0 for none. */
    private int untilStop;

    private int steps;

    private Stepped stopped;
    /** The one that runs; null before the first and after the last. */
    private volatile Stepped current;

    private volatile boolean isOver;
    private Throwable failure;

    /** @param stopAfter accesses after which one thread never gets another turn; below 0 if none shall be stopped */
    public Schedule(long seed, int stopAfter) {
        this.random = new SplittableRandom(seed);
        this.switchShare = 2 << random.nextInt(RAREST_SWITCH);
        this.untilStop = stopAfter;
    }

    /** Thread of a schedule. */
    private static final class Stepped extends Thread {
        private final Schedule schedule;
        private final Runnable work;

        Stepped(Schedule schedule, Runnable work) {
            this.schedule = schedule;
            this.work = work;
        }

        @Override
        public void run() {
            try {
                schedule.awaitTurn(this);
                work.run();
            } catch (Over e) {
                return; // it was stopped, and the others are done
            } catch (RuntimeException | Error e) {
                schedule.failure = e;
            }
            schedule.runnable.remove(this);
            schedule.next();
        }
    }

    @SuppressWarnings("serial")
    private static final class Over extends RuntimeException {}

    /** Called before each access to shared memory. Does nothing on threads of no schedule. */
    public static void point() {
        if (Thread.currentThread() instanceof Stepped stepped) {
            stepped.schedule.step(stepped);
        }
    }

    private void step(Stepped me) {
        if (++steps > STEPS_LIMIT) {
            throw new IllegalStateException("it goes on for ever");
        }
        if (untilStop >= 0 && untilStop-- == 0) {
            stopped = me;
            runnable.remove(me);
            next();
            awaitTurn(me);
        }
        if (random.nextInt(switchShare) == 0) {
            next();
            awaitTurn(me);
        }
    }

    private void next() {
        Stepped chosen = runnable.isEmpty() ? null : runnable.get(random.nextInt(runnable.size()));
        isOver = chosen == null;
        current = chosen;
        LockSupport.unpark(chosen == null ? starter : chosen);
    }

    private void awaitTurn(Stepped me) {
        while (current != me) {
            if (isOver) {
                throw new Over();
            }
            LockSupport.park(this);
        }
    }

    /** Runs all to their ends but the one that is stopped. Returns whether one was. */
    public boolean run(List<Runnable> works) throws InterruptedException {
        List<Stepped> all = works.stream().map(work -> new Stepped(this, work)).toList();
        runnable.addAll(all);
        all.forEach(Thread::start);
        next();
        while (!isOver) {
            LockSupport.park(this);
        }
        for (Stepped stepped : all) {
            LockSupport.unpark(stepped);
            stepped.join();
        }
        if (failure != null) {
            throw new IllegalStateException("a thread broke off", failure);
        }
        return stopped != null;
    }
}

package io.towpath.maps;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/** A block is built aside, published by one release store, and handed out again only when no reader can still be in it. */
@JCStressTest
@Outcome(id = "true", expect = ACCEPTABLE, desc = "All words of the block are of one version.")
@Outcome(expect = FORBIDDEN, desc = "The block was written while it was read.")
@State
public class BlockStoreStress {
    private static final long BYTES = BlockStore.BLOCK_MIN;
    private static final Quiescence QUIESCENCE = new Quiescence(1);
    private static final BlockStore STORE = BlockStore.create(new AnonymousMapStore(), "stress", 1 << 16, QUIESCENCE);
    private static final PublishedWord CURRENT = new PublishedWord();

    private static long version; // writer only

    static {
        publish(STORE.allocate(BYTES));
        QUIESCENCE.online(0);
    }

    private static void publish(long block) {
        version++;
        for (long word = block; word < block + BYTES; word += Long.BYTES) {
            STORE.data().set(JAVA_LONG, word, version);
        }
        CURRENT.publishRelease(block);
    }

    @Actor
    public void writer() {
        long old = CURRENT.readAcquire();
        long block = STORE.allocate(BYTES);
        if (block != 0) { // 0: all blocks wait for the reader
            publish(block);
            STORE.retire(old, BYTES);
        }
    }

    @Actor
    public void reader(Z_Result r) {
        long block = CURRENT.readAcquire();
        long first = STORE.data().get(JAVA_LONG, block);
        boolean whole = true;
        for (long word = block + BYTES - Long.BYTES; word > block; word -= Long.BYTES) {
            whole &= STORE.data().get(JAVA_LONG, word) == first;
        }
        r.r1 = whole;
        QUIESCENCE.quiescent(0);
    }
}

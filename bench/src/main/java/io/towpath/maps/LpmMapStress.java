package io.towpath.maps;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.Map;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A look-up has the old table or the new one. The two tables differ in length, so that a search in a mixture of them goes astray. */
@JCStressTest
@Outcome(
        id = {"1", "2"},
        expect = ACCEPTABLE,
        desc = "The old table's value, or the new one's.")
@Outcome(expect = FORBIDDEN, desc = "Nothing, or a neighbour's value: a table was read while it was written.")
@State
public class LpmMapStress {
    private static final Map<Prefix, Long> SHORT = Map.of(Prefix.parse("10.0.0.0/8"), 1L);
    private static final Map<Prefix, Long> LONG = Map.of(
            Prefix.parse("9.0.0.0/8"), 9L,
            Prefix.parse("9.128.0.0/9"), 9L,
            Prefix.parse("10.0.0.0/8"), 2L,
            Prefix.parse("11.0.0.0/8"), 9L);
    private static final Address INSIDE = Address.parse("10.1.2.3");
    private static final Quiescence QUIESCENCE = new Quiescence(1);
    private static final LpmMap MAP = LpmMap.create(new AnonymousMapStore(), "stress", 8, QUIESCENCE);

    private static boolean isLong; // writer only

    static {
        MAP.replaceAll(SHORT);
        QUIESCENCE.online(0);
    }

    @Actor
    public void writer() {
        if (MAP.replaceAll(isLong ? SHORT : LONG)) { // false: the reader may still be in the other half
            isLong ^= true;
        }
    }

    @Actor
    public void reader(I_Result r) {
        r.r1 = (int) MAP.lookup(INSIDE.hi(), INSIDE.lo());
        QUIESCENCE.quiescent(0);
    }
}

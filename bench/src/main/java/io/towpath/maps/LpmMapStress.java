package io.towpath.maps;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * A look-up has the old table or the new one. The tables differ in length, so that a search in a mixture of them goes astray; there are
 * three for two halves, so that no half is written with what it has.
 */
@JCStressTest
@Outcome(
        id = {"1", "2", "3"},
        expect = ACCEPTABLE,
        desc = "The old table's value, or the new one's.")
@Outcome(expect = FORBIDDEN, desc = "Nothing, or a neighbour's value: a table was read while it was written.")
@State
public class LpmMapStress {
    private static final long NEIGHBOUR = 9;
    private static final List<Map<Prefix, Long>> TABLES = List.of(table(1, 0), table(2, 3), table(3, 7));
    private static final Address INSIDE = Address.parse("10.1.2.3");
    private static final Quiescence QUIESCENCE = new Quiescence(1);
    private static final LpmMap MAP = LpmMap.create(new AnonymousMapStore(), "stress", 16, QUIESCENCE);

    private static int table; // writer only

    static {
        MAP.replaceAll(TABLES.get(0));
        QUIESCENCE.online(0);
    }

    /** Returns a table with a value for 10.0.0.0/8 and as many neighbours on both sides. */
    private static Map<Prefix, Long> table(long value, int neighbours) {
        Map<Prefix, Long> table = new HashMap<>();
        table.put(Prefix.parse("10.0.0.0/8"), value);
        for (int i = 1; i <= neighbours; i++) {
            table.put(Prefix.parse((10 - i) + ".0.0.0/8"), NEIGHBOUR);
            table.put(Prefix.parse((10 + i) + ".0.0.0/8"), NEIGHBOUR);
        }
        return table;
    }

    @Actor
    public void writer() {
        if (MAP.replaceAll(TABLES.get(table))) { // false: the reader may still be in the other half
            table = (table + 1) % TABLES.size();
        }
    }

    @Actor
    public void reader(I_Result r) {
        r.r1 = (int) MAP.lookup(INSIDE.hi(), INSIDE.lo());
        QUIESCENCE.quiescent(0);
    }
}

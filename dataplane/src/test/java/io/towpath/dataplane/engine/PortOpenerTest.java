package io.towpath.dataplane.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PortOpenerTest {
    private static final List<String> NAMES = List.of("a", "b", "c");

    private final List<String> log = new ArrayList<>();

    private BitSet merging(List<Boolean> wanted, List<Boolean> taken) {
        return PortOpener.merging(NAMES, wanted, taken, log::add);
    }

    @Test
    void shouldMergeWhereThatIsWantedAndTaken() {
        assertEquals(
                BitSet.valueOf(new long[] {0b101}), merging(List.of(true, false, true), List.of(true, true, true)));
        assertEquals(List.of(), log);
    }

    @Test
    void shouldSayOnceThatTheKernelDoesNotTakeSuperFrames() {
        assertEquals(new BitSet(), merging(List.of(true, false, true), List.of(false, false, false)));
        assertEquals(
                List.of("ports [a, c]: each UDP datagram leaves by itself, as the kernel takes no super-frames of them"
                        + " (Linux 6.2 does)"),
                log);
    }
}

package io.towpath.bench.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class MachineTimeTest {
    @Test
    void shouldAddUpWhatCoresWorked() {
        // user nice system idle iowait irq softirq steal guest guest_nice
        assertEquals(
                1.0 + 2.0 + 4.0 + 32.0 + 64.0,
                MachineTime.busySeconds(
                        "cpu  100 200 400 80000 1600 3200 6400 12800 50 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n"));
    }

    @Test
    void shouldReadThisMachine() throws Exception {
        assertTrue(MachineTime.busySeconds() > 0);
    }
}

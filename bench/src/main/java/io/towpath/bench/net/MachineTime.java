package io.towpath.bench.net;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Time that all cores together spent working, from {@code /proc/stat} (proc(5)). */
final class MachineTime {
    /** USER_HZ: what the kernel shows to programs, whatever it counts in itself. */
    private static final double TICKS_PER_SECOND = 100;
    /** user nice system idle iowait irq softirq; what follows is the host's, or counted in user already. */
    private static final int[] BUSY_FIELDS = {1, 2, 3, 6, 7};

    private MachineTime() {}

    /** Returns seconds since the start of the machine. */
    static double busySeconds() throws IOException {
        return busySeconds(Files.readString(Path.of("/proc/stat")));
    }

    static double busySeconds(String stat) {
        String[] fields = stat.substring(0, stat.indexOf('\n')).split(" +");
        long ticks = 0;
        for (int field : BUSY_FIELDS) {
            ticks += Long.parseLong(fields[field]);
        }
        return ticks / TICKS_PER_SECOND;
    }
}

package io.towpath.bench.core;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Measures one path and number of flows: all contenders are prepared first, then measured in turn, round by round.
 *
 * @param contenders that take part where they have the path
 * @param log told who fell out, and why
 */
record CoreRun(Peers peers, List<Contender> contenders, int rounds, Consumer<String> log) {
    Comparison measure(CorePath path, int flows) throws IOException {
        Map<Contender, Side> sides = new EnumMap<>(Contender.class);
        long residentBytes = 0;
        try {
            for (Contender contender : contenders) {
                if (contender.has(path)) {
                    long bytes = prepare(sides, contender, path, flows);
                    residentBytes = contender == Contender.TOWPATH ? bytes : residentBytes;
                }
            }
            return new Comparison(path, flows, rounds(sides), residentBytes);
        } finally {
            sides.values().forEach(Side::close);
        }
    }

    /** One after the other: what warms up next to another one is compiled by other times. Returns what it took of memory, bytes. */
    private long prepare(Map<Contender, Side> sides, Contender contender, CorePath path, int flows) throws IOException {
        Side side = new Side(peers.command(contender, path, flows));
        try {
            long bytes = side.awaitReady();
            sides.put(contender, side);
            return bytes;
        } catch (IOException e) {
            side.close();
            leaveOut(contender, e);
            return 0;
        }
    }

    private void leaveOut(Contender contender, IOException why) {
        log.accept(contender.label + " is left out: " + why.getMessage());
    }

    private Map<Contender, double[]> rounds(Map<Contender, Side> sides) {
        Map<Contender, double[]> samples = new EnumMap<>(Contender.class);
        sides.keySet().forEach(contender -> samples.put(contender, new double[rounds]));
        List<Contender> order = new ArrayList<>(sides.keySet());
        for (int round = 0; round < rounds; round++) {
            for (Contender contender : List.copyOf(order)) {
                try {
                    Side side = sides.get(contender);
                    if (round == 0) {
                        side.go(); // the others' tables are in the caches
                    }
                    samples.get(contender)[round] = Double.parseDouble(side.go());
                } catch (IOException e) {
                    leaveOut(contender, e);
                    order.remove(contender);
                    samples.remove(contender);
                }
            }
            Collections.rotate(order, 1); // nobody is always the one after a certain other
        }
        return samples;
    }
}

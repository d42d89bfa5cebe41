package io.towpath.dataplane.cli;

import io.towpath.dataplane.pipeline.Verdicts;
import io.towpath.maps.CounterMap;
import io.towpath.packet.Reason;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code towpath counters}. */
@Command(
        name = "counters",
        mixinStandardHelpOptions = true,
        description = "Shows what became of the packets of a running engine, by reason.")
final class CountersCommand implements Callable<Integer> {
    @Mixin
    private InspectOptions options;

    @Override
    public Integer call() {
        return options.read(maps -> {
            CounterMap counters = CounterMap.open(maps, Verdicts.MAP);
            Listing listing = new Listing("counters", "verdict", "reason", "packets", "bytes");
            for (Reason reason : Reason.ALL) {
                long packets = counters.packets(reason.ordinal());
                if (packets > 0) {
                    listing.add(
                            reason.verdict().name().toLowerCase(Locale.ROOT),
                            reason.label(),
                            packets,
                            counters.bytes(reason.ordinal()));
                }
            }
            listing.print(options.output);
        });
    }
}

package io.towpath.dataplane.cli;

import io.towpath.conntrack.ConntrackListing;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code towpath conntrack}. */
@Command(
        name = "conntrack",
        mixinStandardHelpOptions = true,
        description = "Shows the connections of a running engine.")
final class ConntrackCommand {
    @Command(name = "list", mixinStandardHelpOptions = true, description = "One line for each connection.")
    int list(@Mixin InspectOptions options) {
        return options.read(maps -> {
            Listing listing = new Listing(
                    "connections",
                    "protocol",
                    "state",
                    "source",
                    "destination",
                    "replySource",
                    "replyDestination",
                    "packets",
                    "replyPackets",
                    "bytes",
                    "replyBytes");
            new ConntrackListing(maps)
                    .forEach(c -> listing.add(
                            ProtocolName.of(c.protocol()),
                            c.state(),
                            c.source(),
                            c.destination(),
                            c.replySource(),
                            c.replyDestination(),
                            c.originalPackets(),
                            c.replyPackets(),
                            c.originalBytes(),
                            c.replyBytes()));
            listing.print(options.output);
        });
    }
}

package io.towpath.dataplane.cli;

import io.towpath.nat.ServiceListing;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code towpath service}. */
@Command(name = "service", mixinStandardHelpOptions = true, description = "Shows the services of a running engine.")
final class ServiceCommand {
    @Command(name = "list", mixinStandardHelpOptions = true, description = "One line for each virtual address.")
    int list(@Mixin InspectOptions options) {
        return options.read(maps -> {
            Listing listing = new Listing(
                    "services", "service", "kind", "address", "protocol", "backends", "local", "packets", "bytes");
            for (ServiceListing.Row row : new ServiceListing(maps).rows()) {
                listing.add(
                        row.service(),
                        row.kind().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                        row.address(),
                        ProtocolName.of(row.protocol()),
                        row.clusterBackends(),
                        row.localBackends(),
                        row.packets(),
                        row.bytes());
            }
            listing.print(options.output);
        });
    }
}

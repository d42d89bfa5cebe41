package io.towpath.dataplane.cli;

import io.towpath.dataplane.engine.EngineConfig;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.node.Finding;
import io.towpath.dataplane.node.NodeRouting;
import io.towpath.linux.LinuxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code towpath node}. */
@Command(
        name = "node",
        mixinStandardHelpOptions = true,
        description = "Shows, repairs or removes what node mode sets up on this host.")
final class NodeCommand {
    @Command(
            name = "check",
            mixinStandardHelpOptions = true,
            description =
                    "One line for each item. Exit code 0: all is as it should be, 1: something is missing or in the way.")
    int check(
            @Option(names = "--config", required = true, paramLabel = "FILE", description = "As for 'towpath run'.")
                    Path config,
            @Option(names = "--repair", description = "Bring back what is missing first.") boolean repair,
            @Option(
                            names = "--output",
                            defaultValue = "text",
                            description = "text or json (default: ${DEFAULT-VALUE}).")
                    OutputFormat output) {
        NodeRouting routing = routing(config);
        try {
            if (repair) {
                routing.repair();
            }
            List<Finding> findings = routing.check();
            Listing listing = new Listing("checks", "item", "state", "detail");
            for (Finding finding : findings) {
                listing.add(finding.item(), finding.state().name().toLowerCase(Locale.ROOT), finding.detail());
            }
            listing.print(output);
            boolean isGood = findings.stream().allMatch(finding -> finding.state() == Finding.State.OK);
            return isGood ? ExitCode.OK : ExitCode.FAILURE;
        } catch (LinuxException e) {
            throw new CliException(ExitCode.FAILURE, e.getMessage());
        }
    }

    @Command(
            name = "cleanup",
            mixinStandardHelpOptions = true,
            description = "Removes every trace of node mode from this host. Stop the engine first.")
    int cleanup(
            @Option(names = "--config", required = true, paramLabel = "FILE", description = "As for 'towpath run'.")
                    Path config) {
        try {
            routing(config).remove();
            return ExitCode.OK;
        } catch (LinuxException e) {
            throw new CliException(ExitCode.FAILURE, e.getMessage());
        }
    }

    private static NodeRouting routing(Path file) {
        try {
            EngineConfig config = EngineConfig.read(file);
            if (config.node() == null) {
                throw new CliException(ExitCode.USAGE, file + ": has no section 'node'");
            }
            return config.nodeRouting(System.err::println);
        } catch (ManifestException e) {
            throw new CliException(ExitCode.USAGE, e.getMessage());
        }
    }
}

package io.towpath.dataplane.cli;

import io.towpath.dataplane.engine.Engine;
import io.towpath.dataplane.engine.EngineConfig;
import io.towpath.maps.MapException;
import io.towpath.maps.PinnedMaps;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** What all commands share that read a running engine's maps. */
final class InspectOptions {
    @Option(
            names = "--instance",
            defaultValue = "default",
            description = "Engine to look at (default: ${DEFAULT-VALUE}).")
    private String instance;

    @Option(names = "--output", defaultValue = "text", description = "text or json (default: ${DEFAULT-VALUE}).")
    OutputFormat output;

    /** Opens the maps for an action and closes them again. */
    int read(Consumer<PinnedMaps> action) {
        if (!EngineConfig.isInstanceName(instance)) {
            throw new CliException(
                    ExitCode.USAGE, "--instance: a name of letters, digits, dots and dashes was expected: " + instance);
        }
        try (PinnedMaps maps = PinnedMaps.open(Engine.INSTANCES.resolve(instance))) {
            action.accept(maps);
            return 0;
        } catch (MapException e) {
            throw new CliException(ExitCode.FAILURE, e.getMessage());
        }
    }
}

package io.towpath.dataplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.Container;
import io.towpath.dataplane.engine.Engine;
import io.towpath.dataplane.node.NodeHost;
import io.towpath.dataplane.packaging.Deployed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.ParseResult;

/** The deployed container's command line and mounts are what the program knows. */
final class DeployedCommandTest {
    @Test
    void shouldKnowTheOptionsOfTheContainer() throws Exception {
        List<String> arguments = new ArrayList<>(List.of("run"));
        arguments.addAll(Deployed.engine().getArgs());

        ParseResult run =
                Main.commandLine().parseArgs(arguments.toArray(String[]::new)).subcommand();

        assertEquals(Path.of("/etc/towpath/towpath.yaml"), run.matchedOptionValue("--config", null));
        assertEquals(true, run.matchedOptionValue("--in-cluster", false));
        assertTrue(run.hasMatchedOption("--hostname-override"));
    }

    @Test
    void shouldBeTheImageOfThisVersion() {
        String image = Main.commandLine().getCommandSpec().version()[0].replace(' ', ':');

        assertEquals(image, Deployed.engine().getImage());
        assertEquals(image, Deployed.profileInstaller().getImage());
    }

    @Test
    void shouldFindWhatTheContainerHasMounted() throws Exception {
        Container engine = Deployed.engine();

        assertEquals("/proc/sys/net", Deployed.hostPath(engine, NodeHost.MOUNTED_SYSCTLS));
        assertEquals("/dev/net/tun", Deployed.hostPath(engine, Path.of("/dev/net/tun")));
        for (Path folder : List.of(Engine.INSTANCES, RunCommand.STATES)) {
            assertEquals(folder.toString(), Deployed.hostPath(engine, folder));
        }
    }
}

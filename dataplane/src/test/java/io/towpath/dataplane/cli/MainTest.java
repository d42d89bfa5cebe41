package io.towpath.dataplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

final class MainTest {
    private final StringWriter errors = new StringWriter();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "demo --no-such-option | Unknown option: '--no-such-option'",
                "demo --requests many  | --requests",
                "demo --requests 0     | --requests must be 1 or more: 0",
                "demo --seconds -3     | --seconds must be 1 or more: -3",
                "demo --output xml     | --output",
                "no-such-command       | no-such-command",
                "run --config x --no-such-option | Unknown option: '--no-such-option'",
            })
    void shouldRefuseBadUsageWithOneLine(String line, String text) {
        assertEquals(ExitCode.USAGE, commandLine().execute(line.split(" +")));

        assertTrue(errors.toString().contains(text), errors.toString());
        assertEquals(1, errors.toString().lines().count(), errors.toString());
    }

    @Test
    void shouldSayWhatIsWrongWithWhereObjectsComeFrom(@TempDir Path folder) throws Exception {
        Path config =
                Files.writeString(folder.resolve("c.yaml"), "ports: [{name: a, tap: a, addresses: [10.0.0.1/24]}]");
        Path kubeconfig = Files.writeString(folder.resolve("k"), "kind: Config\napiVersion: v1\ncurrent-context: x\n");
        String run = "run --config " + config + " --kubeconfig " + kubeconfig;

        assertEquals(ExitCode.USAGE, commandLine().execute(run.split(" ")));
        assertEquals(ExitCode.USAGE, commandLine().execute((run + " --manifests " + folder).split(" ")));
        assertEquals(
                List.of(
                        "towpath run: kubeconfig " + kubeconfig + ": current-context: \"x\" is none of its contexts",
                        "towpath run: only one of --manifests, --kubeconfig and --in-cluster"),
                errors.toString().lines().toList());
    }

    @Test
    void shouldAskForACommand() {
        assertEquals(ExitCode.USAGE, commandLine().execute());

        assertEquals(
                "towpath: a command is missing (see 'towpath --help')",
                errors.toString().strip());
    }

    @Test
    void shouldPrintTheLineOfAnExpectedFailureAndUseItsExitCode() {
        CommandLine line = Main.commandLine().addSubcommand("broken", new Broken());
        line.setErr(new PrintWriter(errors, true));

        assertEquals(7, line.execute("broken"));
        assertEquals("towpath broken: do this instead", errors.toString().strip());
    }

    @Test
    void shouldSayWhereAMissingManifestDirectoryIsNamed(@TempDir Path folder) throws Exception {
        Path config = Files.writeString(
                folder.resolve("c.yaml"), "manifests: none\nports: [{name: a, tap: tp0, addresses: [10.0.0.1/24]}]\n");

        assertEquals(ExitCode.USAGE, commandLine().execute("run", "--config", config.toString()));
        assertEquals(
                "towpath run: " + config + ": manifests: " + folder.resolve("none") + ": no such directory",
                errors.toString().strip());
        errors.getBuffer().setLength(0);
        assertEquals(
                ExitCode.USAGE, commandLine().execute("run", "--config", config.toString(), "--manifests", "/none"));
        assertEquals(
                "towpath run: --manifests /none: no such directory",
                errors.toString().strip());
    }

    @Test
    void shouldSayWhyAReplayCannotWriteOrRead(@TempDir Path folder) {
        String[] line = {
            "replay", "--step", folder + "/a:" + folder + "/b", "--out", "/none/out", "--verdicts", "/none/v"
        };
        assertEquals(ExitCode.FAILURE, commandLine().execute(line));
        assertEquals(
                "towpath replay: cannot read or write: /none/out: no such file or directory",
                errors.toString().strip());
        errors.getBuffer().setLength(0);
        line[4] = folder + "/out";
        line[6] = folder + "/v";
        assertEquals(ExitCode.USAGE, commandLine().execute(line));
        assertEquals(
                "towpath replay: cannot read " + folder + "/a: no such file or directory",
                errors.toString().strip());
    }

    private CommandLine commandLine() {
        return Main.commandLine().setErr(new PrintWriter(errors, true));
    }

    @Command
    private static final class Broken implements Runnable {
        @Override
        public void run() {
            throw new CliException(7, "do this instead");
        }
    }
}

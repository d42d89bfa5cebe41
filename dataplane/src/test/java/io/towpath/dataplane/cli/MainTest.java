package io.towpath.dataplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
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
            })
    void shouldRefuseBadUsageWithOneLine(String line, String text) {
        assertEquals(ExitCode.USAGE, commandLine().execute(line.split(" +")));

        assertTrue(errors.toString().contains(text), errors.toString());
        assertEquals(1, errors.toString().lines().count(), errors.toString());
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

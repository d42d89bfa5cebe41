package io.towpath.dataplane.packaging;

import io.towpath.dataplane.demo.Programs;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A container by runc.
 *
 * @param state runc's folder
 */
public record Runc(Path state, String name) implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of("runc", "--root", state.toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** The command line that runs the container in the foreground; signals are passed on to it. */
    public List<String> run(Path bundle) {
        return command("run", "-b", bundle.toString(), name);
    }

    /** Runs a container to its end. */
    public Programs.Result runToEnd(Path bundle) throws Exception {
        return Programs.run(LIMIT, run(bundle));
    }

    /** Runs another program in it. */
    public Programs.Result exec(String... program) throws Exception {
        List<String> command = command("exec", name);
        command.addAll(List.of(program));
        return Programs.run(LIMIT, command);
    }

    @Override
    public void close() throws IOException {
        try {
            var _ = Programs.run(LIMIT, command("delete", "--force", name)); // it may be gone already
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

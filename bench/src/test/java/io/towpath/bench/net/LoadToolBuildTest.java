package io.towpath.bench.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code peers/net/build.sh} on a machine that lacks the compiler. */
final class LoadToolBuildTest {
    @TempDir
    Path folder;

    @Test
    void shouldSayWhatToInstall() throws Exception {
        Path programs = Files.createDirectory(folder.resolve("programs"));
        for (String name : new String[] {"dirname", "mkdir"}) {
            Path program = Files.writeString(programs.resolve(name), "#!/bin/sh\nexec /bin/" + name + " \"$@\"\n");
            assertTrue(program.toFile().setExecutable(true));
        }
        ProcessBuilder builder = new ProcessBuilder(
                "/bin/sh",
                Path.of("peers/net/build.sh").toAbsolutePath().toString(),
                folder.resolve("out").toString());
        builder.environment().put("PATH", programs.toString());
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertEquals(3, process.waitFor());
        assertEquals(
                "the load tool needs gcc and the C library's headers (Debian and Ubuntu: sudo apt install gcc libc6-dev)\n",
                output);
    }
}

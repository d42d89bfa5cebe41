package io.towpath.bench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code peers/core/build.sh} on machines that lack something. */
final class PeersBuildTest {
    private static final Path SCRIPT = Path.of("peers/core/build.sh").toAbsolutePath();

    @TempDir
    Path folder;

    private Path programs;

    @BeforeEach
    void addWhatEverySystemHas() throws Exception {
        programs = Files.createDirectory(folder.resolve("programs"));
        for (String name : List.of("dirname", "mkdir", "rm")) {
            addProgram(name, "exec /bin/" + name + " \"$@\"");
        }
    }

    /** A compiler that finds the C library's headers and those whose names match, and builds whatever it is told. */
    private void addCompiler(String headers) throws Exception {
        addProgram("gcc", """
                case $1 in
                  -E) read -r line; case $line in *stdio.h*|%s) exit 0 ;; *) exit 1 ;; esac ;;
                esac
                """.formatted(headers));
    }

    private void addProgram(String name, String script) throws Exception {
        Path program = Files.writeString(programs.resolve(name), "#!/bin/sh\n" + script + "\n");
        assertTrue(program.toFile().setExecutable(true));
    }

    private String build() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                "/bin/sh", SCRIPT.toString(), folder.resolve("out").toString());
        builder.environment().put("PATH", programs.toString());
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    @Test
    void shouldSayThatThereIsNoCompiler() throws Exception {
        assertEquals("""
                The C peer is left out: gcc and the C library's headers are missing (Debian and Ubuntu: sudo apt install gcc libc6-dev)
                The eBPF peer is left out: gcc and the C library's headers are missing (Debian and Ubuntu: sudo apt install gcc libc6-dev clang libbpf-dev libelf-dev zlib1g-dev)
                """, build());
    }

    @Test
    void shouldNameEachPartThatTheEbpfPeerLacks() throws Exception {
        addCompiler("*libelf.h*");

        assertEquals(
                "The eBPF peer is left out: clang, bpf/libbpf.h, zlib.h missing"
                        + " (Debian and Ubuntu: sudo apt install clang libbpf-dev zlib1g-dev)\n",
                build());
    }
}

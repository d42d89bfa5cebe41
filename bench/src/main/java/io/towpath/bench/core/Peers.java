package io.towpath.bench.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The programs to compare, as they can be started.
 *
 * @param folder of the built peers
 * @param core that all of them run on
 */
record Peers(Path folder, int core) {
    private static final String C_PEER = "cnat";
    private static final String EBPF_PEER = "ebpf";
    private static final String EBPF_OBJECT = "ct.bpf.o";
    private static final String SPIN = "spin";
    private static final Path PINNED = Path.of("/dev/shm");

    /** Builds the peers; what is missing for one of them is said on stderr. */
    static Peers build(Path sources, Path folder, int core) throws IOException, InterruptedException {
        Process build = new ProcessBuilder(sources.resolve("build.sh").toString(), folder.toString())
                .inheritIO()
                .start();
        if (build.waitFor() != 0) {
            throw new IOException("the peers could not be built");
        }
        return new Peers(folder, core);
    }

    /** Returns why a contender cannot take part at all, null if it can. */
    String absence(Contender contender) {
        return switch (contender) {
            case TOWPATH, TOWPATH_PINNED -> null;
            case C_EARLY, C_PLAIN -> isBuilt(C_PEER) ? null : "not built";
            case EBPF -> !isBuilt(EBPF_PEER) ? "not built" : isRoot() ? null : "needs root";
        };
    }

    private boolean isBuilt(String program) {
        return Files.isExecutable(folder.resolve(program));
    }

    private static boolean isRoot() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns the command that measures a path. */
    List<String> command(Contender contender, CorePath path, int flows) {
        String count = String.valueOf(flows);
        String where = String.valueOf(core);
        return switch (contender) {
            case TOWPATH -> java(path.label, count, where);
            case TOWPATH_PINNED ->
                java(
                        path.label,
                        count,
                        where,
                        PINNED.resolve("towpath-bench-"
                                        + ProcessHandle.current().pid())
                                .toString());
            case EBPF -> List.of(program(EBPF_PEER), program(EBPF_OBJECT), path.label, count, where);
            case C_EARLY -> List.of(program(C_PEER), path.label, count, where, "early");
            case C_PLAIN -> List.of(program(C_PEER), path.label, count, where, "plain");
        };
    }

    /** Returns the command of the loop that reads the clock after each piece of work; null if it is not built. */
    List<String> spin(int sliceMs, long workNs) {
        return isBuilt(SPIN)
                ? List.of(program(SPIN), String.valueOf(core), String.valueOf(sliceMs), String.valueOf(workNs))
                : null;
    }

    private String program(String name) {
        return folder.resolve(name).toString();
    }

    private static List<String> java(String... arguments) {
        return Jvm.likeThis().command(TowpathPeer.class.getName(), arguments);
    }
}

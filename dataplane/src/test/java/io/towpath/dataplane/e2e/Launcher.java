package io.towpath.dataplane.e2e;

import java.nio.file.Path;

/** Has child processes started by the {@code ./towpath} of these sources. */
public final class Launcher {
    private static final Path ROOT =
            Path.of(System.getProperty("user.dir")).toAbsolutePath().getParent();

    private Launcher() {}

    /** Sets the property that {@code EngineProcess} reads, unless it is set. */
    public static void find() {
        if (System.getProperty("towpath.launcher") == null) {
            System.setProperty("towpath.launcher", ROOT.resolve("towpath").toString());
        }
    }
}

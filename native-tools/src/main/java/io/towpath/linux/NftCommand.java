package io.towpath.linux;

import java.util.ArrayList;
import java.util.List;

/** Runs nftables' {@code nft}: set-up only. */
public final class NftCommand {
    private static final String PACKAGE = "nftables";

    private NftCommand() {}

    /** Runs a script as one transaction: all of it or nothing. */
    public static void apply(String script) {
        SystemProgram.run(List.of("nft", "-f", "-"), script, PACKAGE);
    }

    /**
     * Runs {@code nft} with arguments and returns what it printed.
     *
     * @throws LinuxException with its message if it fails
     */
    public static String run(String... arguments) {
        List<String> command = new ArrayList<>(List.of("nft"));
        command.addAll(List.of(arguments));
        return SystemProgram.run(command, "", PACKAGE);
    }
}

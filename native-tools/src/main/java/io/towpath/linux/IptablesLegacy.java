package io.towpath.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Looks at what {@code iptables-legacy} rules there are, which nftables does not show. */
public final class IptablesLegacy {
    private IptablesLegacy() {}

    /**
     * Returns the filter table's FORWARD chain as {@code iptables-legacy -S} prints it. Nothing where that table is not in use, as asking for it
     * would make it, or where the program is missing or fails.
     */
    public static Optional<String> forwardChain(boolean ipv6) {
        Path tables = Path.of(ipv6 ? "/proc/self/net/ip6_tables_names" : "/proc/self/net/ip_tables_names");
        try {
            if (!Files.exists(tables) || !Files.readAllLines(tables).contains("filter")) {
                return Optional.empty();
            }
            String program = ipv6 ? "ip6tables-legacy" : "iptables-legacy";
            return Optional.of(SystemProgram.run(List.of(program, "-w", "-S", "FORWARD"), "", "iptables"));
        } catch (IOException | LinuxException e) {
            return Optional.empty();
        }
    }
}

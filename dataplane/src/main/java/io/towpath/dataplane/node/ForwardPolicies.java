package io.towpath.dataplane.node;

import io.towpath.linux.NftCommand;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Chains of others that drop what they do not know on its way through the host: each gets two rules that let the TAP's packets pass. */
final class ForwardPolicies implements Part {
    private static final Pattern TABLE = Pattern.compile("table (\\S+ \\S+) \\{");
    private static final Pattern CHAIN = Pattern.compile("chain (\\S+) \\{");
    private static final Pattern HANDLE =
            Pattern.compile("comment \"towpath (?:in|out)\".* # handle (\\d+)", Pattern.MULTILINE);

    private final String tap;

    ForwardPolicies(String tap) {
        this.tap = tap;
    }

    /** Returns the chains at the forward hook with policy drop, as {@code FAMILY TABLE CHAIN}. */
    private static List<String> dropping() {
        List<String> found = new ArrayList<>();
        String table = "";
        String chain = "";
        for (String line : NftCommand.run("list", "chains").lines().toList()) {
            Matcher ofTable = TABLE.matcher(line.strip());
            Matcher ofChain = CHAIN.matcher(line.strip());
            if (ofTable.matches()) {
                table = ofTable.group(1);
            } else if (ofChain.matches()) {
                chain = ofChain.group(1);
            } else if (line.contains("hook forward") && line.contains("policy drop")) {
                found.add(table + " " + chain);
            }
        }
        return found;
    }

    private static List<String> handles(String chain) {
        String[] words = chain.split(" ");
        return HANDLE.matcher(NftCommand.run("-a", "list", "chain", words[0], words[1], words[2]))
                .results()
                .map(result -> result.group(1))
                .toList();
    }

    @Override
    public List<Finding> check() {
        return dropping().stream()
                .map(chain -> Finding.of(
                        "nftables chain " + chain,
                        handles(chain).size() == 2,
                        "its policy is drop, and packets to and from " + tap + " are not let through"))
                .toList();
    }

    @Override
    public void apply() {
        StringBuilder script = new StringBuilder();
        for (String chain : dropping()) {
            if (handles(chain).size() != 2) {
                delete(script, chain);
                script.append("insert rule %s iifname \"%s\" accept comment \"towpath in\"\n".formatted(chain, tap));
                script.append("insert rule %s oifname \"%s\" accept comment \"towpath out\"\n".formatted(chain, tap));
            }
        }
        run(script);
    }

    @Override
    public void remove() {
        StringBuilder script = new StringBuilder();
        dropping().forEach(chain -> delete(script, chain));
        run(script);
    }

    private static void delete(StringBuilder script, String chain) {
        handles(chain).forEach(handle -> script.append("delete rule %s handle %s\n".formatted(chain, handle)));
    }

    private static void run(StringBuilder script) {
        if (!script.isEmpty()) {
            NftCommand.apply(script.toString());
        }
    }
}

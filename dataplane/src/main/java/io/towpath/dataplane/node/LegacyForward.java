package io.towpath.dataplane.node;

import io.towpath.linux.IptablesLegacy;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Finds a FORWARD chain of {@code iptables-legacy} that drops the TAP's packets; such rules are the administrator's to change. */
final class LegacyForward {
    private LegacyForward() {}

    static List<Finding> check(String tap) {
        List<Finding> findings = new ArrayList<>();
        for (boolean ipv6 : new boolean[] {false, true}) {
            IptablesLegacy.forwardChain(ipv6)
                    .filter(chain -> drops(chain, tap))
                    .ifPresent(_ -> findings.add(finding(tap, ipv6 ? "ip6tables-legacy" : "iptables-legacy")));
        }
        return findings;
    }

    private static Finding finding(String tap, String program) {
        return Finding.foreign(
                program + " chain FORWARD",
                "its policy is DROP: let the device pass, with %1$s -I FORWARD -i %2$s -j ACCEPT and %1$s -I FORWARD -o %2$s -j ACCEPT"
                        .formatted(program, tap));
    }

    /** @param chain as {@code iptables -S} prints it */
    static boolean drops(String chain, String tap) {
        return chain.lines().anyMatch("-P FORWARD DROP"::equals)
                && !(accepts(chain, "-i " + tap) && accepts(chain, "-o " + tap));
    }

    private static boolean accepts(String chain, String match) {
        return Pattern.compile(
                        "^-A FORWARD " + Pattern.quote(match) + "( -m comment --comment .*)? -j ACCEPT$",
                        Pattern.MULTILINE)
                .matcher(chain)
                .find();
    }
}

package io.towpath.dataplane.selftest;

import static io.towpath.dataplane.selftest.Requirement.byDesignNot;
import static io.towpath.dataplane.selftest.Requirement.met;

import java.util.List;

/** RFC 5508, NAT Behavioral Requirements for ICMP, section 9. */
final class IcmpRequirements {
    static final List<Requirement> ALL = List.of(
            met("RFC 5508 REQ-1", "Queries from inside and their answers pass", "router/v4-ping", "router/v6-ping"),
            met(
                            "RFC 5508 REQ-1a",
                            "A query's identifier shows as the same one to whomever it goes",
                            "router/v4-ping",
                            "router/v6-ping")
                    .because("it is not translated at all"),
            met("RFC 5508 REQ-2", "A query may be answered for 60 s", "router/v4-ping", "router/v6-ping")
                    .because("at any time, as no state is needed to let it pass"),
            byDesignNot(
                    "RFC 5508 REQ-3",
                    "An ICMP error with a wrong checksum is dropped",
                    "no checksum is verified or mended: a wrong one stays wrong by as much, for the receiver to see",
                    "icmp-errors/v4-wrong-checksum"),
            byDesignNot(
                    "RFC 5508 REQ-3a",
                    "An ICMP error that quotes a wrong IP checksum is dropped",
                    "as REQ-3",
                    "icmp-errors/v4-wrong-quoted-checksum"),
            met(
                    "RFC 5508 REQ-3b",
                    "Options of the quoted header are passed over",
                    "icmp-errors/v4-options",
                    "icmp-errors/v6-options"),
            met(
                    "RFC 5508 REQ-3c",
                    "The quoted transport checksum is not verified",
                    "icmp-errors/v4-wrong-quoted-checksum",
                    "icmp-errors/v4-short-quotes",
                    "icmp-errors/v6-short-quotes"),
            met(
                    "RFC 5508 REQ-3d",
                    "Padding and extensions behind the quote are left out of its translation",
                    "icmp-errors/v4-rfc4884",
                    "icmp-errors/v6-rfc4884"),
            met(
                    "RFC 5508 REQ-4",
                    "Errors from the backends' side are translated outside and inside; those about no connection are dropped",
                    "icmp-errors/v4-dnat-to-client",
                    "icmp-errors/v4-masquerade-to-client",
                    "icmp-errors/v6-dnat-to-client",
                    "icmp-errors/v6-masquerade-to-client",
                    "icmp-errors/v4-unrelated",
                    "icmp-errors/v6-unrelated",
                    "icmp-errors/v4-invalid",
                    "icmp-errors/v6-invalid"),
            met(
                    "RFC 5508 REQ-5",
                    "Errors from the clients' side are, too",
                    "icmp-errors/v4-dnat-to-backend",
                    "icmp-errors/v4-masquerade-to-backend",
                    "icmp-errors/v6-dnat-to-backend",
                    "icmp-errors/v6-masquerade-to-backend",
                    "icmp-errors/v4-unrelated",
                    "icmp-errors/v6-unrelated"),
            met(
                            "RFC 5508 REQ-5c",
                            "Their source is the NAT's own address",
                            "icmp-errors/v4-from-routers",
                            "icmp-errors/v6-from-routers")
                    .because("where the client is masqueraded; else a router shows as itself, as in Linux"),
            met(
                    "RFC 5508 REQ-6",
                    "Errors neither keep a session nor end it",
                    "icmp-errors/v4-refresh-nothing",
                    "icmp-errors/v6-refresh-nothing",
                    "icmp-errors/v4-end-nothing",
                    "icmp-errors/v6-end-nothing"),
            met(
                    "RFC 5508 REQ-7",
                    "Errors about hairpinned connections are translated",
                    "icmp-errors/v4-hairpin-to-client",
                    "icmp-errors/v4-hairpin-to-backend",
                    "icmp-errors/v6-hairpin-to-client",
                    "icmp-errors/v6-hairpin-to-backend"),
            met(
                            "RFC 5508 REQ-8",
                            "A session that cannot be is refused as administratively prohibited",
                            "router/no-masquerade-address")
                    .because("where ports or addresses are used up; a full connection table drops silently, as Linux"),
            byDesignNot(
                    "RFC 5508 REQ-9",
                    "ICMP messages towards an interface may be forbidden",
                    "no such setting; their rate is limited for each receiver, but for path MTU discovery's"),
            met(
                    "RFC 5508 REQ-10",
                    "The router around the NAT sends the ICMP errors that RFC 1812 asks for",
                    "router/v4-too-big",
                    "router/v6-too-big",
                    "router/v4-no-route",
                    "router/v6-no-route",
                    "router/v4-time-exceeded",
                    "router/v6-time-exceeded"),
            met(
                            "RFC 5508 REQ-11",
                            "Other ICMP messages may be dropped or handled as fits",
                            "router/v4-other-icmp",
                            "icmp-errors/v4-redirects")
                    .because("they pass untranslated; redirects about translated connections are dropped"));

    private IcmpRequirements() {}
}

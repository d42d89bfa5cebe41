package io.towpath.dataplane.selftest;

import static io.towpath.dataplane.selftest.Requirement.byDesignNot;
import static io.towpath.dataplane.selftest.Requirement.met;

import java.util.List;

/** RFC 7857, Updates to Network Address Translation (NAT) Behavioral Requirements, by section. */
final class UpdatedRequirements {
    static final List<Requirement> ALL = List.of(
            met(
                            "RFC 7857 2",
                            "TCP connections are followed by a state machine",
                            "tcp/v4-masquerade",
                            "tcp/simultaneous-open",
                            "tcp/reset")
                    .because("that of Linux, finer than the RFC's"),
            byDesignNot(
                    "RFC 7857 2.1",
                    "Opening and closing connections have time-outs of their own, 4 min by default",
                    "120 s or less, as Linux, a time-out for each state",
                    "tcp/opening-timeout",
                    "tcp/closing-timeout"),
            met("RFC 7857 2.2", "A reset is translated", "tcp/reset"),
            byDesignNot(
                    "RFC 7857 2.2 (4 min)",
                    "The session is kept for 4 min after a reset",
                    "10 s, as Linux, so that ports come free",
                    "tcp/reset"),
            met("RFC 7857 3", "A port may be used for several destinations at once", "udp/endpoint-dependent-mapping")
                    .because("it is: two backends see the same port of a client"),
            met("RFC 7857 4", "A client keeps its outer address while it has sessions", "udp/one-masquerade-address")
                    .because("each network has one masquerade address, fixed by the configuration"),
            byDesignNot(
                    "RFC 7857 5",
                    "UDP and TCP have mappings apart by default",
                    "mappings are not endpoint-independent in the first place; those of UDP and TCP are apart",
                    "tcp/endpoint-dependent-mapping"),
            byDesignNot(
                    "RFC 7857 6",
                    "UDP and TCP have filters apart by default",
                    "filters are not endpoint-independent in the first place; those of UDP and TCP are apart",
                    "udp/v4-filtering",
                    "tcp/filtering"),
            byDesignNot(
                    "RFC 7857 7",
                    "With endpoint-independent filters it can be chosen whether packets from outside keep a mapping",
                    "there are no such filters: packets of third parties belong to no connection",
                    "udp/v4-filtering"),
            met(
                    "RFC 7857 7.1",
                    "ICMP errors that answer packets from outside do not keep a mapping",
                    "icmp-errors/v4-refresh-nothing",
                    "icmp-errors/v6-refresh-nothing"),
            met("RFC 7857 8", "Parity of ports need not be kept", "udp/port-conflict"),
            met("RFC 7857 9", "A port that is not the client's own cannot be foreseen", "udp/port-conflict")
                    .judgedBy(SourcePorts::problemWithRandomness),
            byDesignNot(
                    "RFC 7857 10",
                    "Identifications of IPv4 packets are made unique among clients",
                    "they stay as they are, as in Linux",
                    "router/v4-identification"),
            met("RFC 7857 11", "A query's mapping may go with its last session", "router/v4-ping")
                    .because("there is no mapping"),
            byDesignNot(
                    "RFC 7857 12",
                    "Hairpinned pings pass",
                    "a virtual address stands for ports of many backends: a ping of it is refused, as by kube-proxy",
                    "router/v4-ping-of-services",
                    "router/v6-ping-of-services"));

    private UpdatedRequirements() {}
}

package io.towpath.dataplane.selftest;

import static io.towpath.dataplane.selftest.Requirement.byDesignNot;
import static io.towpath.dataplane.selftest.Requirement.met;

import java.util.List;

/** RFC 5382, NAT Behavioral Requirements for TCP, section 8. */
final class TcpRequirements {
    static final List<Requirement> ALL = List.of(
            byDesignNot(
                    "RFC 5382 REQ-1",
                    "A client's address and port show as the same ones to whomever it talks",
                    UdpRequirements.ENDPOINT_DEPENDENT,
                    "tcp/endpoint-dependent-mapping"),
            met(
                    "RFC 5382 REQ-2",
                    "Every valid sequence of segments passes",
                    "tcp/v4-dnat",
                    "tcp/v4-masquerade",
                    "tcp/v6-dnat",
                    "tcp/v6-masquerade"),
            met("RFC 5382 REQ-2a", "A simultaneous open passes", "tcp/simultaneous-open"),
            byDesignNot(
                    "RFC 5382 REQ-3",
                    "Segments from outside pass whoever sends them, or at least from any port of an address that was sent to",
                    UdpRequirements.ENDPOINT_DEPENDENT + ": only its backend's segments belong to it",
                    "tcp/filtering"),
            byDesignNot(
                    "RFC 5382 REQ-4",
                    "A SYN from outside that nobody waits for is not answered for 6 s",
                    "a masquerade port is no meeting point for two NATs; the sender is told at once, as the kernel would",
                    "tcp/unsolicited-syn"),
            met("RFC 5382 REQ-5", "An idle connection is kept for 2 h 4 min at least", "tcp/established-timeout")
                    .because("24 h, as kube-proxy: conntrack.tcpEstablishedTimeout sets it"),
            byDesignNot(
                    "RFC 5382 REQ-5 (transitory)",
                    "One that opens or closes is kept for 4 min at least",
                    "120 s or less, as Linux, so that ports come free",
                    "tcp/opening-timeout",
                    "tcp/closing-timeout"),
            met("RFC 5382 REQ-6", "No gateway looks into payloads", "tcp/payload-untouched")
                    .because("there is none, not even for FTP"),
            met("RFC 5382 REQ-7", "No two clients share an outer port towards the same end", "tcp/port-conflict")
                    .judgedBy(SourcePorts::problemWithSharing)
                    .because("towards different backends they may, as RFC 7857 section 3 allows"),
            met(
                            "RFC 5382 REQ-8",
                            "Two clients inside reach each other by outer addresses",
                            "tcp/v4-hairpin",
                            "tcp/v6-hairpin")
                    .because("by a Service's virtual address; not by masquerade ports, see RFC 4787 REQ-9"),
            met(
                    "RFC 5382 REQ-9",
                    "Destination unreachable messages about TCP are translated",
                    "icmp-errors/v4-dnat-protocols",
                    "icmp-errors/v4-masquerade-protocols",
                    "icmp-errors/v4-hairpin-protocols",
                    "icmp-errors/v6-dnat-protocols",
                    "icmp-errors/v6-masquerade-protocols",
                    "icmp-errors/v6-hairpin-protocols"),
            met(
                    "RFC 5382 REQ-10",
                    "No ICMP message ends a mapping or a connection",
                    "icmp-errors/v4-end-nothing",
                    "icmp-errors/v6-end-nothing"));

    private TcpRequirements() {}
}

package io.towpath.dataplane.selftest;

import static io.towpath.dataplane.selftest.Requirement.byDesignNot;
import static io.towpath.dataplane.selftest.Requirement.met;

import java.util.List;

/** RFC 4787, Network Address Translation Behavioral Requirements for Unicast UDP, section 12. */
final class UdpRequirements {
    static final String ENDPOINT_DEPENDENT =
            "a connection to a Service is a pair of ends: its backend is chosen once, and a port is taken for that backend alone";

    static final List<Requirement> ALL = List.of(
            byDesignNot(
                    "RFC 4787 REQ-1",
                    "A client's address and port show as the same ones to whomever it talks",
                    ENDPOINT_DEPENDENT + "; the client's own port is kept wherever that is free",
                    "udp/endpoint-dependent-mapping"),
            met(
                    "RFC 4787 REQ-2",
                    "All of a client's sessions show the same outer address",
                    "udp/one-masquerade-address"),
            met("RFC 4787 REQ-3", "No two clients share an outer port towards the same end", "udp/port-conflict")
                    .judgedBy(SourcePorts::problemWithSharing)
                    .because("towards different backends they may, as RFC 7857 section 3 allows"),
            byDesignNot(
                            "RFC 4787 REQ-3a",
                            "A port below 1024 stays below it, another one above",
                            "masquerade never takes a privileged port of the node's address",
                            "udp/privileged-port")
                    .judgedBy(SourcePorts::problemWithPrivileges),
            byDesignNot(
                    "RFC 4787 REQ-4",
                    "An even port stays even, an odd one odd",
                    "kept with the client's own port; where that is taken the port is random, as RFC 7857 section 8 allows",
                    "udp/v4-masquerade",
                    "udp/port-conflict"),
            met("RFC 4787 REQ-5", "A mapping lives two minutes at least after its last packet", "udp/stream-timeout")
                    .because("of an exchange in both directions"),
            byDesignNot(
                    "RFC 4787 REQ-5 (no answer)",
                    "The same for packets that nobody answered",
                    "30 s, as Linux and kube-proxy: conntrack.udpTimeout of KubeProxyConfiguration sets it",
                    "udp/unreplied-timeout"),
            met("RFC 4787 REQ-5b", "The time is configurable", "udp/configured-timeout"),
            byDesignNot(
                    "RFC 4787 REQ-5c",
                    "Five minutes are the default",
                    "120 s, as Linux and kube-proxy: conntrack.udpStreamTimeout sets it",
                    "udp/stream-timeout",
                    "udp/configured-timeout"),
            met("RFC 4787 REQ-6", "Packets from inside keep a mapping", "udp/refresh-outbound"),
            met("RFC 4787 REQ-6a", "Packets from outside may, too", "udp/refresh-inbound")
                    .because("they do, of the connection's own backend"),
            byDesignNot(
                    "RFC 4787 REQ-7",
                    "Inner and outer networks with the same addresses are kept apart",
                    "addresses come from a configuration, not from the network; a cluster's are unique"),
            byDesignNot(
                    "RFC 4787 REQ-8",
                    "Packets from outside pass whoever sends them, or at least from any port of an address that was sent to",
                    ENDPOINT_DEPENDENT + ": only its backend's packets belong to it",
                    "udp/v4-filtering",
                    "udp/v6-filtering"),
            met(
                            "RFC 4787 REQ-9",
                            "Two clients inside reach each other by outer addresses",
                            "udp/v4-hairpin",
                            "udp/v6-hairpin")
                    .because("by a Service's virtual address"),
            byDesignNot(
                    "RFC 4787 REQ-9 (mapped ports)",
                    "The same by another client's masquerade address and port",
                    ENDPOINT_DEPENDENT + ": it is no address to be reached by",
                    "udp/hairpin-of-a-masquerade-port"),
            met("RFC 4787 REQ-9a", "In a hairpin the packet's source is the outer address and port", "udp/v4-hairpin"),
            met("RFC 4787 REQ-10", "No gateway looks into payloads", "udp/payload-untouched")
                    .because("there is none"),
            met(
                            "RFC 4787 REQ-11",
                            "The rules of translation and filtering never change",
                            "udp/port-conflict",
                            "udp/v4-filtering")
                    .judgedBy(SourcePorts::problemWithSharing)
                    .because(
                            "a conflict costs a connection its own port, nothing else, and none loses the port it has"),
            met(
                    "RFC 4787 REQ-12",
                    "No ICMP message ends a mapping",
                    "icmp-errors/v4-end-nothing",
                    "icmp-errors/v6-end-nothing"),
            met(
                    "RFC 4787 REQ-12a",
                    "ICMP messages are not refused for who sent them",
                    "icmp-errors/v4-from-routers",
                    "icmp-errors/v6-from-routers"),
            met(
                    "RFC 4787 REQ-12b",
                    "Destination unreachable messages are translated",
                    "icmp-errors/v4-masquerade-to-client",
                    "icmp-errors/v6-masquerade-to-client"),
            met(
                    "RFC 4787 REQ-13",
                    "A packet with DF that is too large is answered with the MTU",
                    "router/v4-too-big",
                    "router/v6-too-big"),
            met(
                    "RFC 4787 REQ-13a",
                    "A packet without DF that is too large is cut into fragments, sent in order",
                    "router/v4-too-big-without-df"),
            met(
                    "RFC 4787 REQ-14",
                    "Fragments are translated in whatever order they come",
                    "fragments/v4-dnat",
                    "fragments/v4-masquerade",
                    "fragments/v4-hairpin",
                    "fragments/v4-every-order",
                    "fragments/v6-dnat",
                    "fragments/v6-masquerade",
                    "fragments/v6-hairpin",
                    "fragments/v6-every-order"),
            met(
                            "RFC 4787 REQ-14a",
                            "Bad fragments do not get in the way of good packets",
                            "fragments/v4-missing",
                            "fragments/v4-overlapping",
                            "fragments/v4-tiny",
                            "fragments/v4-huge-offset",
                            "fragments/v4-too-many",
                            "fragments/v6-missing",
                            "fragments/v6-overlapping",
                            "fragments/v6-tiny",
                            "fragments/v6-huge-offset",
                            "fragments/v6-too-many")
                    .because("4096 packets and 16 MiB are held at most, and the oldest go first"));

    private UdpRequirements() {}
}

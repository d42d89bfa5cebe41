package io.towpath.dataplane.selftest;

import java.util.List;
import java.util.stream.Stream;

/** All requirements of RFC 4787, 5382, 5508 and 7857, in that order. */
public final class Requirements {
    public static final List<Requirement> ALL = Stream.of(
                    UdpRequirements.ALL, TcpRequirements.ALL, IcmpRequirements.ALL, UpdatedRequirements.ALL)
            .flatMap(List::stream)
            .toList();

    private Requirements() {}
}

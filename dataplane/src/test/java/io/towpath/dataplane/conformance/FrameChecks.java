package io.towpath.dataplane.conformance;

import io.towpath.dataplane.conformance.Frame.End;
import io.towpath.dataplane.conformance.NodeUnderTest.Outcome;
import io.towpath.dataplane.conformance.Scenario.Expectation;
import io.towpath.dataplane.conformance.Scenario.Flow;
import io.towpath.packet.Verdict;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;

/** Compares what came out for a packet of the client's side with what was expected. */
final class FrameChecks {
    private static final int ICMP_QUOTE = 8;

    private final List<InetAddress> nodeAddresses;
    private Frame toBackend;

    FrameChecks(List<InetAddress> nodeAddresses) {
        this.nodeAddresses = nodeAddresses;
    }

    /** Returns the frame that went to a backend at the last {@link #problem}, null where none did as expected. */
    Frame toBackend() {
        return toBackend;
    }

    /** Returns what is wrong, null where nothing is. */
    String problem(Flow flow, byte[] given, Outcome outcome) {
        toBackend = null;
        String action = flow.expect().action();
        Verdict expected =
                switch (action) {
                    case "drop" -> Verdict.DROP;
                    case "reject" -> Verdict.REJECT;
                    default -> Verdict.FORWARD;
                };
        if (outcome.reason().verdict() != expected) {
            return action + " was expected, the reason is " + outcome.reason().label();
        }
        int frames = outcome.frames().size();
        if (frames != (expected == Verdict.DROP ? 0 : 1)) {
            return action + " was expected, " + frames + " frames came out";
        }
        try {
            return frames == 0
                    ? null
                    : problem(
                            flow.expect(),
                            Frame.parse(given),
                            Frame.parse(outcome.frames().getFirst()));
        } catch (IllegalArgumentException e) {
            return "frame out is broken: " + e.getMessage();
        }
    }

    private String problem(Expectation expect, Frame given, Frame got) {
        if (expect.action().equals("reject")) {
            return rejectProblem(given, got);
        }
        String changed = changedBesideAddresses(given, got);
        if (changed != null) {
            return changed;
        }
        if (expect.action().equals("accept")) {
            boolean same = got.source.equals(given.source)
                    && got.destination.equals(given.destination)
                    && Arrays.equals(got.transport, given.transport);
            return same ? null : "untouched was expected, it came out as " + got.source + " > " + got.destination;
        }
        return translationProblem(expect, given, got);
    }

    private String rejectProblem(Frame given, Frame got) {
        byte[] icmp = got.transport;
        boolean ipv4 = got.protocol == Frame.ICMP;
        boolean portUnreachable =
                ipv4 ? icmp[0] == 3 && icmp[1] == 3 : got.protocol == Frame.ICMPV6 && icmp[0] == 1 && icmp[1] == 4;
        if (!portUnreachable) {
            return "ICMP port unreachable was expected";
        }
        InetAddress from = got.source.address();
        boolean ours = nodeAddresses.contains(from) || from.equals(given.destination.address());
        if (!ours || !got.destination.address().equals(given.source.address())) {
            return "the reject went from " + from + " to " + got.destination.address();
        }
        // TTL, header checksum and flags may change on the way; addresses, ports and the rest of the first 8 bytes may
        // not.
        int quoted = ICMP_QUOTE + (ipv4 ? 20 : 40);
        byte[] transport = Arrays.copyOfRange(icmp, quoted, Math.min(icmp.length, quoted + 8));
        byte[] addresses = Arrays.copyOfRange(icmp, quoted - (ipv4 ? 8 : 32), quoted);
        byte[] expected = addressBytes(given);
        boolean same = Arrays.equals(addresses, expected)
                && Arrays.equals(transport, Arrays.copyOf(given.transport, transport.length));
        return same ? null : "the reject does not quote the packet";
    }

    private static byte[] addressBytes(Frame frame) {
        byte[] source = frame.source.address().getAddress();
        byte[] both = Arrays.copyOf(source, 2 * source.length);
        System.arraycopy(frame.destination.address().getAddress(), 0, both, source.length, source.length);
        return both;
    }

    private String translationProblem(Expectation expect, Frame given, Frame got) {
        List<End> allowed = expect.backends().stream().map(End::parse).toList();
        if (!allowed.contains(got.destination)) {
            return "sent to " + got.destination + ", allowed are " + allowed;
        }
        boolean masquerade = expect.masquerade()
                || expect.masqueradeBackends().stream().map(End::parse).anyMatch(got.destination::equals);
        if (masquerade && !nodeAddresses.contains(got.source.address())) {
            return "masquerade was expected, the source is " + got.source + ", no address of the node";
        }
        if (!masquerade && !got.source.address().equals(given.source.address())) {
            return "the source was to stay, it became " + got.source;
        }
        toBackend = got;
        return null;
    }

    /** Returns what changed beside addresses, ports, TTL and checksums; null where nothing did. */
    static String changedBesideAddresses(Frame given, Frame got) {
        if (got.protocol != given.protocol) {
            return "another protocol came out: " + got.protocol;
        }
        if (!Arrays.equals(got.body, given.body)) {
            return "bytes beside ports and checksum changed in the transport header or payload";
        }
        if (!Arrays.equals(got.header, given.header)) {
            return "IP header fields beside addresses, TTL and checksum changed";
        }
        return given.ttl - got.ttl == 0 || given.ttl - got.ttl == 1 ? null : "TTL " + given.ttl + " became " + got.ttl;
    }

    /** Returns whether the counts cannot come from an even choice: chi-square, p below 1e-6 by Wilson and Hilferty's approximation. */
    static boolean isUneven(List<Integer> counts) {
        int all = counts.stream().mapToInt(Integer::intValue).sum();
        int degrees = counts.size() - 1;
        if (degrees < 1 || all < 10 * counts.size()) {
            return false;
        }
        double expected = (double) all / counts.size();
        double chiSquare = counts.stream()
                .mapToDouble(count -> (count - expected) * (count - expected) / expected)
                .sum();
        double variance = 2.0 / (9 * degrees);
        return chiSquare > degrees * Math.pow(1 - variance + 4.75 * Math.sqrt(variance), 3);
    }
}

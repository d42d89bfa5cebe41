package io.towpath.dataplane.conformance;

import io.towpath.dataplane.conformance.Frame.End;
import io.towpath.dataplane.conformance.Frame.Role;
import io.towpath.dataplane.conformance.Scenario.Flow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes the packets of a scenario's flows, step by step: one packet of a connection that the scenario names, else enough connections to
 * reach every backend. On a second playing the backends answer.
 */
final class Playback {
    /** Connections for each backend of a flow: that a fair choice leaves one out has a chance below 1e-15. */
    static final int CONNECTIONS_PER_BACKEND = 40;

    private static final long SECOND_NS = 1_000_000_000;
    /** Rejects are spaced so, above any rate limit of ICMP errors. */
    private static final long REJECT_SPACE_NS = 1_100_000_000;

    private static final long PACKET_SPACE_NS = 1000;

    private final boolean oneByOne;
    private final Map<Integer, Frame> replies;
    private final Map<String, Integer> lastPorts = new HashMap<>();
    private final Map<String, Integer> portsById = new HashMap<>();
    private long clockNs = SECOND_NS;
    private long cursorNs;
    private int clientPackets;

    /**
     * A packet as it comes to the node.
     *
     * @param number of a packet from the client's side, from 1; that of its connection's first packet for others
     */
    record Packet(long atNs, String ingress, byte[] frame, Flow flow, Role role, int number) {
        boolean isFromClient() {
            return role == Role.FIRST || role == Role.DATA;
        }
    }

    /** @param replies what went to a backend on the first playing, by packet number; empty on the first */
    Playback(Scenario scenario, Map<Integer, Frame> replies) {
        this.oneByOne = scenario.hasAffinity();
        this.replies = replies;
    }

    List<Packet> packets(Scenario.Step step) {
        List<Packet> packets = new ArrayList<>();
        long baseNs = clockNs;
        cursorNs = clockNs;
        for (Flow flow : step.flows()) {
            emit(flow, baseNs, packets);
        }
        clockNs = Math.max(baseNs, packets.isEmpty() ? 0 : packets.getLast().atNs()) + SECOND_NS;
        return packets;
    }

    private void emit(Flow flow, long baseNs, List<Packet> packets) {
        if (flow.expect().action().equals("reject")) {
            cursorNs += REJECT_SPACE_NS;
        }
        int protocol = Frame.protocol(flow.protocol());
        End destination = End.of(flow.destination(), flow.destinationPort());
        String ingress = ingress(flow);
        boolean continues = !flow.continues().isEmpty();
        for (int n = connections(flow); n > 0; n--) {
            End source = End.of(flow.source(), sourcePort(flow));
            if (flow.atSeconds() >= 0) {
                cursorNs = Math.max(cursorNs, baseNs + (long) (flow.atSeconds() * SECOND_NS));
            }
            int number = ++clientPackets;
            Role role = continues ? Role.DATA : Role.FIRST;
            packets.add(packet(ingress, Frame.build(protocol, source, destination, role), flow, role, number));
            Frame sent = replies.get(number);
            if (sent != null && !continues) {
                byte[] reply = Frame.build(protocol, sent.destination, sent.source, Role.REPLY);
                packets.add(packet("eth0", reply, flow, Role.REPLY, number));
                if (protocol != Frame.UDP) {
                    byte[] ack = Frame.build(protocol, source, destination, Role.ACK);
                    packets.add(packet(ingress, ack, flow, Role.ACK, number));
                }
            }
        }
    }

    private int connections(Flow flow) {
        int all = CONNECTIONS_PER_BACKEND * flow.expect().backends().size();
        return oneByOne || flow.isFixed() ? 1 : Math.max(1, all);
    }

    private Packet packet(String ingress, byte[] frame, Flow flow, Role role, int number) {
        cursorNs += PACKET_SPACE_NS;
        return new Packet(cursorNs, ingress, frame, flow, role, number);
    }

    private int sourcePort(Flow flow) {
        int port;
        if (!flow.continues().isEmpty()) {
            port = portsById.get(flow.continues());
        } else if (flow.sourcePort() > 0) {
            port = flow.sourcePort();
        } else {
            port = lastPorts.merge(flow.protocol(), 20_001, (last, first) -> last + 1);
        }
        if (!flow.id().isEmpty()) {
            portsById.put(flow.id(), port);
        }
        return port;
    }

    private static String ingress(Flow flow) {
        if (!flow.ingress().isEmpty()) {
            return flow.ingress();
        }
        return switch (flow.from()) {
            case "pod" -> "cni0";
            case "node", "localhost" -> "lo";
            default -> "eth0";
        };
    }
}

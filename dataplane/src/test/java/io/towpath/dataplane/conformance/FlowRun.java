package io.towpath.dataplane.conformance;

import io.towpath.dataplane.conformance.Frame.End;
import io.towpath.dataplane.conformance.Frame.Role;
import io.towpath.dataplane.conformance.NodeUnderTest.Outcome;
import io.towpath.dataplane.conformance.Playback.Packet;
import io.towpath.dataplane.conformance.Scenario.Flow;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Plays the flows of a scenario twice, the second time with an answer of the chosen backend after each first packet, and checks every frame
 * that comes out.
 */
final class FlowRun {
    private final Scenario scenario;
    private final Path folder;
    private final FrameChecks checks;
    private final Set<String> problems = new LinkedHashSet<>();
    private final Map<Integer, Frame> sentAs = new HashMap<>();
    private final IdentityHashMap<Flow, List<End>> chosen = new IdentityHashMap<>();
    private final Map<String, Frame> owners = new HashMap<>();

    private FlowRun(Scenario scenario, Path folder) {
        this.scenario = scenario;
        this.folder = folder;
        List<InetAddress> own =
                scenario.nodeAddresses().stream().map(InetAddress::ofLiteral).toList();
        this.checks = new FrameChecks(own);
    }

    /** Returns what is wrong, a line each. */
    static List<String> problems(Scenario scenario, Path folder) throws Exception {
        FlowRun run = new FlowRun(scenario, folder);
        run.play(Map.of(), run::checkFirst);
        run.checkChoices();
        Map<Integer, Frame> toBackends = new HashMap<>();
        run.play(
                Collections.unmodifiableMap(run.sentAs),
                (packet, outcome) -> run.checkSecond(packet, outcome, toBackends));
        return List.copyOf(run.problems);
    }

    private interface Check {
        void check(Packet packet, Outcome outcome);
    }

    private void play(Map<Integer, Frame> replies, Check check) throws Exception {
        Playback playback = new Playback(scenario, replies);
        ClusterState cluster = new ClusterState(scenario, folder);
        try (NodeUnderTest node = new NodeUnderTest()) {
            for (Scenario.Step step : scenario.steps()) {
                node.sync(cluster.apply(step).state());
                for (Packet packet : playback.packets(step)) {
                    check.check(packet, node.play(packet.ingress(), packet.frame(), packet.atNs()));
                }
            }
        }
    }

    private void note(Flow flow, String problem) {
        if (problem != null) {
            problems.add(flow + ": " + problem);
        }
    }

    private void checkFirst(Packet packet, Outcome outcome) {
        Flow flow = packet.flow();
        if (packet.role() == Role.DATA && !flow.protocol().equals("UDP")) {
            return; // valid only after a handshake: judged when the backend answers
        }
        note(flow, checks.problem(flow, packet.frame(), outcome));
        Frame sent = checks.toBackend();
        if (sent != null) {
            sentAs.put(packet.number(), sent);
            chosen.computeIfAbsent(flow, f -> new ArrayList<>()).add(sent.destination);
            Frame given = Frame.parse(packet.frame());
            Frame owner = owners.putIfAbsent(tuple(sent), given);
            if (owner != null && !tuple(owner).equals(tuple(given))) {
                note(flow, "two connections left as one and the same tuple " + tuple(sent));
            }
        }
    }

    private static String tuple(Frame frame) {
        return frame.protocol + " " + frame.source + " > " + frame.destination;
    }

    private void checkChoices() {
        Map<String, End> byId = new HashMap<>();
        chosen.forEach((flow, ends) -> byId.put(flow.id(), ends.getFirst()));
        chosen.forEach((flow, ends) -> {
            Scenario.Expectation expect = flow.expect();
            if (!expect.sameBackendAs().isEmpty()) {
                End other = byId.get(expect.sameBackendAs());
                if (!ends.stream().allMatch(end -> end.equals(other))) {
                    note(
                            flow,
                            "sent to " + ends.getFirst() + ", the same as " + expect.sameBackendAs() + " was expected: "
                                    + other);
                }
            }
            if (!expect.notBackend().isEmpty() && ends.contains(byId.get(expect.notBackend()))) {
                note(flow, "sent to the backend of " + expect.notBackend() + " again");
            }
            checkEven(flow, ends);
        });
    }

    private void checkEven(Flow flow, List<End> ends) {
        Map<End, Integer> counts = new LinkedHashMap<>();
        flow.expect().backends().forEach(backend -> counts.put(End.parse(backend), 0));
        ends.forEach(end -> counts.merge(end, 1, Integer::sum));
        if (ends.size() >= Playback.CONNECTIONS_PER_BACKEND && FrameChecks.isUneven(List.copyOf(counts.values()))) {
            note(flow, "choice is uneven: " + counts);
        }
    }

    private void checkSecond(Packet packet, Outcome outcome, Map<Integer, Frame> toBackends) {
        Flow flow = packet.flow();
        if (packet.isFromClient()) {
            note(flow, prefixed("second playing: ", checks.problem(flow, packet.frame(), outcome)));
            Frame sent = checks.toBackend();
            Frame before = sentAs.get(packet.number());
            if (sent != null) {
                toBackends.put(packet.number(), sent);
                if (packet.role() == Role.FIRST
                        && before != null
                        && !tuple(before).equals(tuple(sent))) {
                    note(flow, "the same seed gave " + tuple(before) + " first and " + tuple(sent) + " then");
                }
            }
            return;
        }
        if (outcome.frames().size() != 1) {
            note(
                    flow,
                    packet.role() + ": one frame out was expected, "
                            + outcome.frames().size() + " came");
            return;
        }
        try {
            Frame given = Frame.parse(packet.frame());
            Frame back = Frame.parse(outcome.frames().getFirst());
            note(flow, FrameChecks.changedBesideAddresses(given, back));
            Frame sent = toBackends.get(packet.number());
            if (packet.role() == Role.ACK) {
                checkTuple(packet, back, sent.source, sent.destination);
            } else {
                End client = End.of(flow.source(), clientPort(packet.number()));
                checkTuple(packet, back, End.of(flow.destination(), flow.destinationPort()), client);
            }
        } catch (IllegalArgumentException e) {
            note(flow, packet.role() + ": frame out is broken: " + e.getMessage());
        }
    }

    private int clientPort(int number) {
        return owners.get(tuple(sentAs.get(number))).source.port();
    }

    private void checkTuple(Packet packet, Frame out, End source, End destination) {
        if (!out.source.equals(source) || !out.destination.equals(destination)) {
            note(
                    packet.flow(),
                    packet.role() + " came out as " + tuple(out) + ", expected " + source + " > " + destination);
        }
    }

    private static String prefixed(String prefix, String problem) {
        return problem == null ? null : prefix + problem;
    }
}

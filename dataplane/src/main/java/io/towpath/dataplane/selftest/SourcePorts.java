package io.towpath.dataplane.selftest;

import io.towpath.dataplane.check.SentFrame;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Judges the source ports that masquerade gave to clients, which all came with the same one. Frames are IPv4 without options; the last
 * byte of each tells its client.
 */
final class SourcePorts {
    private static final int PORT_AT = 14 + 20;
    private static final int PRIVILEGED_END = 1024;
    /** So near are two of 64,512 random ports once in 500 times. */
    private static final int NEAR = 64;

    private static final int NEAR_LIMIT = 3;

    private SourcePorts() {}

    private static int port(SentFrame frame) {
        return (frame.bytes()[PORT_AT] & 0xFF) << 8 | frame.bytes()[PORT_AT + 1] & 0xFF;
    }

    private static int client(SentFrame frame) {
        return frame.bytes()[frame.bytes().length - 1] & 0xFF;
    }

    /** A port belongs to one client, and a client keeps its port. */
    static String problemWithSharing(List<SentFrame> frames) {
        Map<Integer, Integer> ports = new HashMap<>();
        Map<Integer, Integer> clients = new HashMap<>();
        for (SentFrame frame : frames) {
            int port = port(frame);
            int client = client(frame);
            Integer known = ports.put(client, port);
            if (known != null && known != port) {
                return "client %d has the ports %d and %d".formatted(client, known, port);
            }
            Integer other = clients.put(port, client);
            if (other != null && other != client) {
                return "clients %d and %d share the port %d".formatted(other, client, port);
            }
        }
        return clients.size() < 2 ? "there are not two clients" : null;
    }

    static String problemWithPrivileges(List<SentFrame> frames) {
        for (SentFrame frame : frames) {
            if (port(frame) < PRIVILEGED_END) {
                return "the privileged port " + port(frame) + " was taken";
            }
        }
        return problemWithSharing(frames);
    }

    /** From one client to the next there is no small step. The first one may have its own port. */
    static String problemWithRandomness(List<SentFrame> frames) {
        Map<Integer, Integer> ports = new LinkedHashMap<>();
        frames.forEach(frame -> ports.putIfAbsent(client(frame), port(frame)));
        List<Integer> random = ports.values().stream().skip(1).toList();
        int near = 0;
        for (int i = 1; i < random.size(); i++) {
            near += Math.abs(random.get(i) - random.get(i - 1)) <= NEAR ? 1 : 0;
        }
        return near >= NEAR_LIMIT ? near + " of " + random.size() + " ports follow the one before" : null;
    }
}

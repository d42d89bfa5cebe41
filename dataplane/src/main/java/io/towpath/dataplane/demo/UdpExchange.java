package io.towpath.dataplane.demo;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/** Sends datagrams to an echo service one after the other, from changing source ports, and waits for each answer. */
public final class UdpExchange {
    private static final int PER_SOCKET = 20;
    private static final int ANSWER_LIMIT_MS = 1_000;
    private static final int PAYLOAD_BYTES = 512;
    /** A service that does not answer at all is given up after so many datagrams. */
    private static final int HOPELESS = 5;

    /**
     * What came back.
     *
     * @param sent datagrams sent
     * @param answered answers that held what was sent
     * @param roundTripNs from sending to the answer
     * @param byBackend answers of each backend
     */
    public record Result(int sent, int answered, Histogram roundTripNs, Map<String, Integer> byBackend) {}

    private UdpExchange() {}

    /** Runs on the calling thread, with sockets in the client's namespace. */
    public static Result run(Namespace client, InetSocketAddress to, int datagrams) throws Exception {
        Histogram roundTripNs = new Histogram(3);
        Map<String, Integer> byBackend = new TreeMap<>();
        int sent = 0;
        int answered = 0;
        while (sent < datagrams && (answered > 0 || sent < HOPELESS)) {
            try (DatagramSocket socket = client.call(() -> new DatagramSocket())) {
                socket.setSoTimeout(ANSWER_LIMIT_MS);
                socket.connect(to);
                for (int i = 0; i < PER_SOCKET && sent < datagrams && (answered > 0 || sent < HOPELESS); i++) {
                    long startNs = System.nanoTime();
                    String backend = exchange(socket, sent++);
                    if (backend != null) {
                        answered++;
                        roundTripNs.recordValue(System.nanoTime() - startNs);
                        byBackend.merge(backend, 1, Integer::sum);
                    }
                }
            }
        }

        return new Result(sent, answered, roundTripNs, byBackend);
    }

    /** Returns who answered, or null where nobody did. */
    private static String exchange(DatagramSocket socket, int number) throws IOException {
        byte[] payload = new byte[PAYLOAD_BYTES];
        ByteBuffer.wrap(payload).putInt(number);
        byte[] answer = new byte[2 * PAYLOAD_BYTES];
        DatagramPacket received = new DatagramPacket(answer, answer.length);
        try {
            socket.send(new DatagramPacket(payload, payload.length));
            // An answer to an earlier datagram, which came after its time limit, is not the one.
            do {
                received.setLength(answer.length);
                socket.receive(received);
            } while (!endsWith(answer, received.getLength(), payload));
        } catch (SocketTimeoutException | PortUnreachableException e) {
            return null;
        }

        return new String(answer, 0, received.getLength() - PAYLOAD_BYTES, StandardCharsets.US_ASCII).strip();
    }

    private static boolean endsWith(byte[] answer, int length, byte[] payload) {
        return length >= payload.length
                && Arrays.equals(answer, length - payload.length, length, payload, 0, payload.length);
    }
}

package io.towpath.dataplane.lab;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Asks a {@link ProbeServer}, through a Service or not. */
final class Probe {
    private static final int LIMIT_MS = 2_000;
    private static final int ANSWER_BYTES = 256;

    private Probe() {}

    /** Returns "NAME ADDRESS" as the backend says, or what went wrong. */
    static String ask(Host from, boolean udp, String address, int port) throws Exception {
        return udp ? askUdp(from, address, port, 1) : askTcp(from, address, port);
    }

    private static String askTcp(Host from, String address, int port) throws Exception {
        try (Socket socket = from.namespace().call(() -> {
            Socket made = new Socket();
            made.bind(null); // makes the descriptor, here
            return made;
        })) {
            socket.connect(new InetSocketAddress(address, port), LIMIT_MS);
            socket.setSoTimeout(LIMIT_MS);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            return problem(e);
        }
    }

    /** @param bytes of the datagram */
    static String askUdp(Host from, String address, int port, int bytes) throws Exception {
        try (DatagramSocket socket = from.namespace().call(() -> new DatagramSocket())) {
            socket.setSoTimeout(LIMIT_MS);
            socket.connect(new InetSocketAddress(address, port));
            socket.send(new DatagramPacket(new byte[bytes], bytes));
            DatagramPacket answer = new DatagramPacket(new byte[ANSWER_BYTES], ANSWER_BYTES);
            socket.receive(answer);
            return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            return problem(e);
        }
    }

    private static String problem(IOException e) {
        return "(" + e.getMessage() + ")";
    }
}

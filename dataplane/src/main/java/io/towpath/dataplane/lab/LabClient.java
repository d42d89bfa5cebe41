package io.towpath.dataplane.lab;

import java.io.EOFException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** Asks a {@link ProbeServer} for its name, more than once where wanted. One thread. */
abstract class LabClient implements AutoCloseable {
    private static final int LIMIT_MS = 5_000;
    /** A datagram may be lost; so long without an answer it is sent again, as resolvers do. */
    private static final int REPEAT_MS = 1_000;

    private static final int REPEATS_MAX = 3;
    private static final int ANSWER_BYTES = 256;

    private int repeats;

    abstract String ask() throws IOException;

    @Override
    public abstract void close();

    /** Returns how often something was sent again since the last call. */
    int takeRepeats() {
        int taken = repeats;
        repeats = 0;
        return taken;
    }

    static LabClient tcp(Host from, String address, int port) throws Exception {
        Socket socket = from.namespace().call(() -> {
            Socket made = new Socket();
            made.bind(null); // makes the descriptor, here
            return made;
        });
        try {
            socket.connect(new InetSocketAddress(address, port), LIMIT_MS);
            socket.setSoTimeout(LIMIT_MS);
            socket.setTcpNoDelay(true);
            return new Tcp(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    static LabClient udp(Host from, String address, int port) throws Exception {
        DatagramSocket socket = from.namespace().call(() -> new DatagramSocket());
        socket.setSoTimeout(REPEAT_MS);
        socket.connect(new InetSocketAddress(address, port));
        return new Udp(socket);
    }

    private static final class Tcp extends LabClient {
        private final Socket socket;

        Tcp(Socket socket) {
            this.socket = socket;
        }

        @Override
        String ask() throws IOException {
            socket.getOutputStream().write('?');
            StringBuilder name = new StringBuilder();
            for (int c = socket.getInputStream().read();
                    c != '\n';
                    c = socket.getInputStream().read()) {
                if (c < 0) {
                    throw new EOFException("closed before the answer");
                }
                name.append((char) c);
            }
            return name.toString();
        }

        @Override
        public void close() {
            closeQuietly(socket);
        }
    }

    private static final class Udp extends LabClient {
        private final DatagramSocket socket;

        Udp(DatagramSocket socket) {
            this.socket = socket;
        }

        @Override
        String ask() throws IOException {
            for (int attempt = 0; ; attempt++) {
                socket.send(new DatagramPacket(new byte[1], 1));
                try {
                    DatagramPacket answer = new DatagramPacket(new byte[ANSWER_BYTES], ANSWER_BYTES);
                    socket.receive(answer);
                    String text = new String(answer.getData(), 0, answer.getLength(), StandardCharsets.US_ASCII);
                    return text.split(" ", 2)[0];
                } catch (SocketTimeoutException e) {
                    if (attempt == REPEATS_MAX) {
                        throw e;
                    }
                    super.repeats++;
                }
            }
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // nothing depends on it any more
        }
    }
}

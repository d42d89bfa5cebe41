package io.towpath.dataplane.e2e;

import io.towpath.dataplane.demo.Backend;
import io.towpath.dataplane.demo.Namespace;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** One HTTP connection from the client's namespace that a test holds open. */
final class KeptAliveClient implements AutoCloseable {
    /** Longer than an engine takes to start again and TCP to repeat what was lost meanwhile. */
    private static final int LIMIT_MS = 30_000;

    private static final byte[] REQUEST = "GET / HTTP/1.1\r\nHost: web\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final SocketChannel channel;
    private final Socket socket;
    private final BufferedReader answers;

    private KeptAliveClient(SocketChannel channel, Socket socket) throws IOException {
        this.channel = channel;
        this.socket = socket;
        answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    }

    static KeptAliveClient connect(Namespace client, InetSocketAddress to) throws Exception {
        SocketChannel channel = client.call(SocketChannel::open);
        try {
            Socket socket = channel.socket();
            socket.setSoTimeout(LIMIT_MS);
            socket.setTcpNoDelay(true);
            socket.connect(to, LIMIT_MS);

            return new KeptAliveClient(channel, socket);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** One request over a connection of its own; returns the backend's name. */
    static String ask(Namespace client, InetSocketAddress to) throws Exception {
        try (KeptAliveClient connection = connect(client, to)) {
            return connection.ask();
        }
    }

    /** Sends a request and reads the answer; returns the backend's name. */
    String ask() throws IOException {
        socket.getOutputStream().write(REQUEST);
        String status = answers.readLine();
        if (status == null || !status.startsWith("HTTP/1.1 200")) {
            throw new IOException("expected 200, got " + status);
        }
        String backend = null;
        int left = 0;
        for (String line = answers.readLine(); line != null && !line.isEmpty(); line = answers.readLine()) {
            int colon = line.indexOf(':');
            String value = line.substring(colon + 1).strip();
            switch (line.substring(0, colon).toLowerCase(Locale.ROOT)) {
                case Backend.NAME_HEADER -> backend = value;
                case "content-length" -> left = Integer.parseInt(value);
                default -> {}
            }
        }
        while (left > 0) {
            left -= (int) answers.skip(left);
        }

        return backend;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}

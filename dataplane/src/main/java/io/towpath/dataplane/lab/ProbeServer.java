package io.towpath.dataplane.lab;

import io.towpath.dataplane.demo.BulkSink;
import io.towpath.wire.Address;
import java.io.Closeable;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Answers over TCP and UDP with its name and the address that it sees; takes streams; talks. In one host's namespace. */
final class ProbeServer implements AutoCloseable {
    private static final int LARGEST_DATAGRAM = 65_507;
    private static final int BACKLOG = 1024;

    private final String name;
    private final List<Closeable> open = new ArrayList<>();

    private ProbeServer(String name) {
        this.name = name;
    }

    static ProbeServer start(Host host) throws Exception {
        ProbeServer server = new ProbeServer(host.serverName());
        try {
            host.namespace().call(() -> {
                server.listen(host);
                return null;
            });
            return server;
        } catch (Exception e) {
            server.close();
            throw e;
        }
    }

    private void listen(Host host) throws IOException {
        ServerSocket listener = listener(LabService.BACKEND_PORT);
        Thread.ofPlatform().daemon().name(name + "-tcp").start(() -> serveTcp(listener));
        for (String address : List.of(host.ipv4(), host.ipv6())) {
            // Each address its own socket: an answer comes from the address that was asked.
            DatagramSocket socket =
                    new DatagramSocket(new InetSocketAddress(InetAddress.getByName(address), LabService.BACKEND_PORT));
            open.add(socket);
            Thread.ofPlatform().daemon().name(name + "-udp").start(() -> serveUdp(socket));
        }
        open.add(BulkSink.start(name, LabService.BULK_PORT));
        ServerSocket talk = listener(LabService.TALK_PORT);
        Thread.ofPlatform().daemon().name(name + "-talk").start(() -> acceptTalks(talk));
    }

    private ServerSocket listener(int port) throws IOException {
        ServerSocket listener = new ServerSocket();
        open.add(listener);
        listener.setReuseAddress(true);
        listener.bind(new InetSocketAddress(port), BACKLOG);
        return listener;
    }

    private void acceptTalks(ServerSocket listener) {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                Thread.ofVirtual().start(() -> talk(socket));
            } catch (IOException e) {
                // closed
            }
        }
    }

    /** Answers each byte with its name. */
    private void talk(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            byte[] answer = (name + "\n").getBytes(StandardCharsets.US_ASCII);
            while (socket.getInputStream().read() >= 0) {
                socket.getOutputStream().write(answer);
            }
        } catch (IOException e) {
            // the client went away; it reports that
        }
    }

    private byte[] answer(InetAddress client) {
        Address address = Address.parse(client.getHostAddress().replaceFirst("%.*", ""));
        return (name + " " + address).getBytes(StandardCharsets.US_ASCII);
    }

    private void serveTcp(ServerSocket listener) {
        while (!listener.isClosed()) {
            try (Socket socket = listener.accept()) {
                socket.getOutputStream().write(answer(socket.getInetAddress()));
            } catch (IOException e) {
                // closed, or the client went away; it reports that
            }
        }
    }

    private void serveUdp(DatagramSocket socket) {
        byte[] buffer = new byte[LARGEST_DATAGRAM];
        while (!socket.isClosed()) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                byte[] answer = answer(packet.getAddress());
                socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
            } catch (IOException e) {
                // closed, or an error about an earlier answer
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (Closeable resource : open) {
            resource.close();
        }
    }
}

package io.towpath.dataplane.demo;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** Takes streams until their end, then answers with its name and how many bytes came. */
public final class BulkSink implements Closeable {
    private static final int BUFFER_BYTES = 1 << 20;

    private final String name;
    private final ServerSocketChannel server;

    private BulkSink(String name, ServerSocketChannel server) {
        this.name = name;
        this.server = server;
    }

    /** Listens on all addresses of the namespace that the calling thread is in. */
    public static BulkSink start(String name, int port) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open();
        BulkSink sink = new BulkSink(name, server);
        server.bind(new InetSocketAddress(port));
        Thread.ofPlatform().daemon().name(name + "-bulk").start(sink::acceptAll);

        return sink;
    }

    private void acceptAll() {
        while (server.isOpen()) {
            try {
                SocketChannel channel = server.accept();
                Thread.ofPlatform().daemon().name(name + "-bulk-stream").start(() -> take(channel));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void take(SocketChannel channel) {
        try (channel) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
            long total = 0;
            for (int count = 0; count >= 0; count = channel.read(buffer.clear())) {
                total += count;
            }
            channel.write(ByteBuffer.wrap((name + " " + total + "\n").getBytes(StandardCharsets.US_ASCII)));
        } catch (IOException e) {
            // The sender went away; it reports that.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}

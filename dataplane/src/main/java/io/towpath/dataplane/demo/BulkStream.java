package io.towpath.dataplane.demo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Sends one TCP stream as fast as it goes. */
public final class BulkStream {
    /** Per write: several of the largest segments that the kernel hands to a device whole (64 KiB). */
    private static final int WRITE_BYTES = 256 << 10;

    private static final int CONNECT_LIMIT_MS = 5_000;
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

    /**
     * A stream that arrived whole.
     *
     * @param backend who took it
     * @param bytes how many arrived, as the backend counted
     * @param nanoseconds from the first write until the backend had the last byte
     */
    public record Result(String backend, long bytes, long nanoseconds) {
        public double gigabitsPerSecond() {
            return bytes * 8.0 / nanoseconds;
        }
    }

    private BulkStream() {}

    /** Sends from a client's namespace for some seconds. */
    public static Result send(Namespace client, InetSocketAddress to, int seconds) throws Exception {
        SocketChannel channel = client.call(SocketChannel::open);
        CompletableFuture<Result> result = new CompletableFuture<>();
        Thread sender = Thread.ofPlatform().daemon().name("bulk-sender").start(() -> {
            try (channel) {
                result.complete(send(channel, to, seconds));
            } catch (IOException e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.get(CONNECT_LIMIT_MS + ANSWER_LIMIT.toMillis() + seconds * 1000L, TimeUnit.MILLISECONDS);
        } finally {
            channel.close();
            sender.join();
        }
    }

    private static Result send(SocketChannel channel, InetSocketAddress to, int seconds) throws IOException {
        Socket socket = channel.socket();
        socket.connect(to, CONNECT_LIMIT_MS);
        ByteBuffer buffer = ByteBuffer.allocateDirect(WRITE_BYTES);
        long startNs = System.nanoTime();
        long endNs = startNs + TimeUnit.SECONDS.toNanos(seconds);
        long sent = 0;
        while (System.nanoTime() < endNs) {
            sent += channel.write(buffer.clear());
        }
        channel.shutdownOutput();
        socket.setSoTimeout((int) ANSWER_LIMIT.toMillis());
        String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        long nanoseconds = System.nanoTime() - startNs;
        String[] fields = answer.split(" ");
        if (fields.length != 2 || Long.parseLong(fields[1]) != sent) {
            throw new IOException("sent %d bytes, the backend says '%s'".formatted(sent, answer));
        }

        return new Result(fields[0], sent, nanoseconds);
    }
}

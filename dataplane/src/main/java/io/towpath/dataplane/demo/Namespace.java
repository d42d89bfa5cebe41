package io.towpath.dataplane.demo;

import io.netty.util.concurrent.DefaultThreadFactory;
import io.towpath.linux.Netns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;

/** A network namespace that {@code ip netns} knows by name. */
public record Namespace(String name) {
    /** State of a listening socket in {@code /proc/net/tcp}, as the kernel prints it. */
    private static final String TCP_LISTEN = "0A";

    /** Does something on this thread inside the namespace; sockets made meanwhile stay in it. */
    public <T> T call(Callable<T> action) throws Exception {
        try (var _ = Netns.enter(name)) {
            return action.call();
        }
    }

    /** Makes daemon threads that live in the namespace. */
    public ThreadFactory threads(String threadName) {
        return new DefaultThreadFactory(threadName, true) {
            @Override
            protected Thread newThread(Runnable action, String numbered) {
                return super.newThread(
                        () -> {
                            try {
                                call(() -> {
                                    action.run();
                                    return null;
                                });
                            } catch (Exception e) {
                                throw new IllegalStateException("thread " + numbered + " in namespace " + name, e);
                            }
                        },
                        numbered);
            }
        };
    }

    /** The command line that runs a program inside the namespace. */
    public List<String> command(String... program) {
        List<String> line = new ArrayList<>(List.of("ip", "netns", "exec", name));
        line.addAll(List.of(program));

        return line;
    }

    /** Whether a program listens on the TCP port, on all addresses. */
    public boolean isListening(int port) throws Exception {
        return call(() -> listens("tcp", port) || listens("tcp6", port));
    }

    private static boolean listens(String table, int port) throws IOException {
        Path file = Path.of("/proc/thread-self/net", table);
        if (!Files.exists(file)) {
            return false;
        }
        String suffix = String.format(Locale.ROOT, ":%04X", port);
        for (String line : Files.readAllLines(file)) {
            String[] fields = line.strip().split("\\s+");
            if (fields.length > 3 && fields[1].endsWith(suffix) && fields[3].equals(TCP_LISTEN)) {
                return true;
            }
        }

        return false;
    }
}

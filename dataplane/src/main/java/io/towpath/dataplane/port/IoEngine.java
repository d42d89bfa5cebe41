package io.towpath.dataplane.port;

import io.towpath.dataplane.model.Field;
import java.util.Locale;

/** How frames get to and from a port's device: {@code io} in the configuration. */
public enum IoEngine {
    /** io_uring where the kernel has it for us, else read and write. */
    AUTO,
    /** As {@link #AUTO}; asks for it by name. */
    URING,
    /** The io_uring of Netty's event loops, for all ports or for none; as {@link #AUTO} where Netty has none. */
    NETTY,
    /** {@code read} and {@code write}. */
    RW;

    /** Reads the field; problems are reported to it. */
    public static IoEngine read(Field field) {
        IoEngine engine = field.parsed(IoEngine::parse, "auto, uring, netty or rw");
        return engine == null ? AUTO : engine;
    }

    private static IoEngine parse(String text) {
        if (!text.equals(text.toLowerCase(Locale.ROOT))) {
            throw new IllegalArgumentException(text);
        }
        return valueOf(text.toUpperCase(Locale.ROOT));
    }
}

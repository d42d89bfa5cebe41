package io.towpath.dataplane.demo;

import java.io.Serial;

/** The demo cannot go on; the message is one line that says what to do. */
public final class DemoException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    public DemoException(String message) {
        super(message);
    }

    public DemoException(String message, Throwable cause) {
        super(message, cause);
    }
}

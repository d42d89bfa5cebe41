package io.towpath.capture;

import java.io.IOException;

/** A capture file is not what it claims to be; the message names file, offset and what is wrong. */
public final class CaptureException extends IOException {
    private static final long serialVersionUID = 1L;

    public CaptureException(String message) {
        super(message);
    }
}

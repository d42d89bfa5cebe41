package io.towpath.dataplane.check;

/**
 * A frame that was sent.
 *
 * @param port that it left by, empty where a capture does not say
 */
public record SentFrame(String port, byte[] bytes) {
    /** Returns port and addresses, for people. */
    String text() {
        return FrameFields.tuple(bytes) + (port.isEmpty() ? "" : " on " + port);
    }
}

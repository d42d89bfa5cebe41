package io.towpath.dataplane.check;

/** Says in which header field two frames differ first. */
final class FrameDifference {
    private FrameDifference() {}

    /** Returns null for equal frames. A port of no name is equal to any. */
    static String between(SentFrame expected, SentFrame actual) {
        byte[] wanted = expected.bytes();
        byte[] got = actual.bytes();
        for (FrameFields.Field field : FrameFields.of(wanted)) {
            if (field.end() > got.length) {
                break;
            }
            if (!field.equalIn(wanted, got)) {
                return "%s: expected %s, got %s".formatted(field.name(), field.text(wanted), field.text(got));
            }
        }
        if (wanted.length != got.length) {
            return "length: expected %d bytes, got %d".formatted(wanted.length, got.length);
        }
        return expected.port().isEmpty() || expected.port().equals(actual.port())
                ? null
                : "port: expected %s, got %s".formatted(expected.port(), actual.port());
    }
}

package io.towpath.dataplane.check;

/** Says in which header field two frames differ first. */
final class FrameDifference {
    private FrameDifference() {}

    /** Returns null for equal frames. A port of no name is equal to any. */
    static String between(SentFrame expected, SentFrame actual) {
        FrameFields.Field field = first(expected.bytes(), actual.bytes());
        if (field != null) {
            return "%s: expected %s, got %s"
                    .formatted(field.name(), field.text(expected.bytes()), field.text(actual.bytes()));
        }
        if (expected.bytes().length != actual.bytes().length) {
            return "length: expected %d bytes, got %d".formatted(expected.bytes().length, actual.bytes().length);
        }
        return expected.port().isEmpty() || expected.port().equals(actual.port())
                ? null
                : "port: expected %s, got %s".formatted(expected.port(), actual.port());
    }

    /** Returns the first field that differs; a checksum, which follows from others, only where nothing else does. Null if there is none. */
    private static FrameFields.Field first(byte[] expected, byte[] actual) {
        FrameFields.Field checksum = null;
        for (FrameFields.Field field : FrameFields.of(expected)) {
            if (field.end() > actual.length) {
                break;
            }
            if (!field.equalIn(expected, actual)) {
                if (!field.isChecksum()) {
                    return field;
                }
                checksum = checksum == null ? field : checksum;
            }
        }
        return checksum;
    }
}

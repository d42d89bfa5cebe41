package io.towpath.dataplane.apiserver;

/** Says in a few words why something failed. */
final class Causes {
    private static final int TEXT_LIMIT = 200;

    private Causes() {}

    /** Returns what the innermost cause says, in one line. */
    static String deepest(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        String text = (message == null || message.isBlank() ? cause.getClass().getSimpleName() : message)
                .strip()
                .lines()
                .findFirst()
                .orElse("");
        return text.length() <= TEXT_LIMIT ? text : text.substring(0, TEXT_LIMIT) + "...";
    }

    /** Returns the cause of a type, null where there is none. */
    static <T extends Throwable> T find(Throwable thrown, Class<T> type) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return type.cast(cause);
            }
        }
        return null;
    }
}

package io.towpath.maps;

/** A map could not be created or opened. */
public final class MapException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public MapException(String message) {
        super(message);
    }

    public MapException(String message, Throwable cause) {
        super(message, cause);
    }
}

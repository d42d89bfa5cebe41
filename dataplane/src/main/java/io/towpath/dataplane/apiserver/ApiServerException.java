package io.towpath.dataplane.apiserver;

/** An API server cannot be used as it is configured; the message names the file and what is wrong with it. */
public final class ApiServerException extends Exception {
    private static final long serialVersionUID = 1L;

    ApiServerException(String message) {
        super(message);
    }

    ApiServerException(String message, Throwable cause) {
        super(message, cause);
    }
}

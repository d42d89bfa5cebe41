package io.towpath.conntrack;

/** What the layers above say of an entry that an earlier process left. Set-up thread. */
public interface EntryReview {
    /** Returns whether what they wrote into the entry fits together. */
    boolean isIntact(long entry);

    /** Returns whether a service id means something now. */
    boolean isService(int serviceId);

    /** Returns whether a backend id belongs to the service now. */
    boolean isBackend(int backendId, int serviceId);

    /** Returns whether a backend id means this address and port now. */
    boolean isBackendAt(int backendId, long hi, long lo, int port);
}

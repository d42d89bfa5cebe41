package io.towpath.nat;

/** Knows which of our addresses a masqueraded connection to a backend shows as its source. Called for new connections only. */
public interface MasqueradeAddresses {
    /** Returns a number for {@link #hi} and {@link #lo}, negative where there is no address of the family. */
    int towards(long backendHi, long backendLo);

    long hi(int number);

    long lo(int number);
}

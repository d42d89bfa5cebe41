package io.towpath.nat;

/** Protocols that a Service port may have (Kubernetes v1 ServicePort.protocol). */
public enum Protocol {
    TCP(6),
    UDP(17),
    SCTP(132);

    private final int number;

    Protocol(int number) {
        this.number = number;
    }

    /** Returns the IP protocol number. */
    public int number() {
        return number;
    }
}

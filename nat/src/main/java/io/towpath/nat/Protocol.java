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

    /** Returns the protocol of an IP protocol number's byte, null where it is none of these. */
    static Protocol of(byte number) {
        for (Protocol protocol : values()) {
            if ((byte) protocol.number == number) {
                return protocol;
            }
        }
        return null;
    }

    /** Returns the IP protocol number. */
    public int number() {
        return number;
    }
}

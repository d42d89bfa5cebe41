package io.towpath.dataplane.vectors;

/** An IP packet and the addresses it is sent by. */
interface Packet {
    String source();

    String destination();

    byte[] bytes();
}

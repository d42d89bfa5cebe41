package io.towpath.bench.net;

/** What the client does in one sample. */
enum Load {
    TCP1,
    TCP1_DOWN,
    TCP8,
    TCP8_DOWN,
    UDP64,
    UDP1400,
    UDP64_PACED,
    RTT,
    FIRST,
    CONN,
    CONN_WRK
}

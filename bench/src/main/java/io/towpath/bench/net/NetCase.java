package io.towpath.bench.net;

import java.util.Locale;

/** What is measured: a row of the table. */
enum NetCase {
    TCP1("Gbit/s", 1),
    TCP1_DOWN("Gbit/s", 1),
    TCP8("Gbit/s", 1),
    TCP8_DOWN("Gbit/s", 1),
    /** Datagrams with so many bytes that arrive, from a sender that knows no pause. */
    UDP64("kpps", 0),
    UDP64_LOSS("%", 2),
    /** Time of all cores, of whatever runs on the machine meanwhile. */
    UDP64_CPU("s per million packets", 2),
    UDP1400("kpps", 0),
    UDP1400_LOSS("%", 2),
    /** At 150,000 a second. */
    UDP64_PACED_LOSS("%", 2),
    RTT_P50("us", 1),
    RTT_P99("us", 1),
    RTT_P999("us", 1),
    /** One way of a datagram, right after another. */
    ONE_WAY_P50("us", 1),
    /** The same after a pause in which nothing was to be forwarded. */
    FIRST_P50("us", 1),
    /** TCP connections for one HTTP request each. */
    CONN("1/s", 0),
    /** From SYN to the end of the answer. */
    CONN_P50("us", 0),
    CONN_P99("us", 0),
    /** As {@link #CONN}, by wrk. */
    CONN_WRK("1/s", 0);

    final String label = name().toLowerCase(Locale.ROOT);
    final String unit;
    private final String format;

    NetCase(String unit, int decimals) {
        this.unit = unit;
        this.format = "%,." + decimals + "f";
    }

    /** Whether one value by another says something: shares that are mostly zero have no ratio. */
    boolean hasRatio() {
        return !unit.equals("%");
    }

    String text(double value) {
        return String.format(Locale.ROOT, format, value);
    }
}

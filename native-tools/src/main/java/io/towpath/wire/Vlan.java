package io.towpath.wire;

import java.lang.foreign.MemorySegment;

/** What follows an EtherType of {@link Ethernet#TYPE_VLAN} (IEEE 802.1Q section 9.6): tag control at 0, the next EtherType at 2. */
public final class Vlan {
    public static final int HEADER_LENGTH = 4;

    private Vlan() {}

    public static int type(MemorySegment frame, long tag) {
        return Bytes.u16(frame, tag + 2);
    }
}

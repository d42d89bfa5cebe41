package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import io.towpath.packet.FiveTuple;
import io.towpath.wire.Address;

/**
 * The two five-tuples of an {@link Entry}, by direction: 0 original, 1 reply. Both directions are of one family and protocol, which stand in the
 * entry's word. Written before the entry is published, never changed while it lives.
 */
public final class EntryTuple {
    static final int ADDRESSES = 0;
    static final int PORTS = 8;
    /** Distance of the reply tuple's IPv4 addresses and ports from the original one's. */
    static final int REPLY = 16;

    static final int IPV6_ADDRESSES = 128;
    static final int IPV6_TUPLE_BYTES = 32;

    private static final int SOURCE_HI = 0;
    private static final int SOURCE_LO = 8;
    private static final int DESTINATION_HI = 16;
    private static final int DESTINATION_LO = 24;

    private EntryTuple() {}

    /** Returns the address of a direction's IPv4 addresses and ports. */
    private static long tuple(long entry, int direction) {
        return entry + (long) direction * REPLY;
    }

    private static long ipv6Tuple(long entry, int direction) {
        return entry + IPV6_ADDRESSES + (long) direction * IPV6_TUPLE_BYTES;
    }

    /** Writes both tuples of a new entry, but for what its word has of them. */
    static void begin(long entry, boolean ipv6, ConntrackWorker arguments) {
        if (ipv6) {
            long original = ipv6Tuple(entry, 0);
            NativeMemory.setLong(original + SOURCE_HI, arguments.originalSourceHi);
            NativeMemory.setLong(original + SOURCE_LO, arguments.originalSourceLo);
            NativeMemory.setLong(original + DESTINATION_HI, arguments.originalDestinationHi);
            NativeMemory.setLong(original + DESTINATION_LO, arguments.originalDestinationLo);
            long reply = ipv6Tuple(entry, 1);
            NativeMemory.setLong(reply + SOURCE_HI, arguments.replySourceHi);
            NativeMemory.setLong(reply + SOURCE_LO, arguments.replySourceLo);
            NativeMemory.setLong(reply + DESTINATION_HI, arguments.replyDestinationHi);
            NativeMemory.setLong(reply + DESTINATION_LO, arguments.replyDestinationLo);
        } else {
            NativeMemory.setLong(
                    entry + ADDRESSES,
                    FiveTuple.ipv4Addresses(arguments.originalSourceLo, arguments.originalDestinationLo));
            NativeMemory.setLong(
                    entry + REPLY + ADDRESSES,
                    FiveTuple.ipv4Addresses(arguments.replySourceLo, arguments.replyDestinationLo));
        }
        NativeMemory.setInt(entry + PORTS, FiveTuple.ports(arguments.originalTransport));
        NativeMemory.setInt(entry + REPLY + PORTS, FiveTuple.ports(arguments.replyTransport));
    }

    /** Returns whether an IPv4 entry that is known to be live, by an acquired word, has the addresses and ports in a direction. */
    static boolean hasIpv4(long entry, int direction, long addresses, int ports) {
        long tuple = tuple(entry, direction);
        return NativeMemory.getLong(tuple) == addresses && NativeMemory.getInt(tuple + PORTS) == ports;
    }

    /** As {@link #hasIpv4}, for an IPv6 entry. */
    static boolean hasIpv6(
            long entry,
            int direction,
            long sourceHi,
            long sourceLo,
            long destinationHi,
            long destinationLo,
            int ports) {
        long addresses = ipv6Tuple(entry, direction);
        return NativeMemory.getInt(tuple(entry, direction) + PORTS) == ports
                && NativeMemory.getLong(addresses + SOURCE_LO) == sourceLo
                && NativeMemory.getLong(addresses + DESTINATION_LO) == destinationLo
                && NativeMemory.getLong(addresses + SOURCE_HI) == sourceHi
                && NativeMemory.getLong(addresses + DESTINATION_HI) == destinationHi;
    }

    static boolean isSame(long entry, int direction, long other, int otherDirection) {
        if (!Entry.isSameKind(entry, other) || ports(entry, direction) != ports(other, otherDirection)) {
            return false;
        }
        if (Entry.isIpv4(entry)) {
            return addresses(entry, direction) == addresses(other, otherDirection);
        }
        long a = ipv6Tuple(entry, direction);
        long b = ipv6Tuple(other, otherDirection);
        return NativeMemory.getLong(a + SOURCE_HI) == NativeMemory.getLong(b + SOURCE_HI)
                && NativeMemory.getLong(a + SOURCE_LO) == NativeMemory.getLong(b + SOURCE_LO)
                && NativeMemory.getLong(a + DESTINATION_HI) == NativeMemory.getLong(b + DESTINATION_HI)
                && NativeMemory.getLong(a + DESTINATION_LO) == NativeMemory.getLong(b + DESTINATION_LO);
    }

    /** Returns the addresses of an IPv4 tuple, {@code source << 32 | destination}. */
    public static long addresses(long entry, int direction) {
        return NativeMemory.getLong(tuple(entry, direction));
    }

    /** Returns the ports, {@code source << 16 | destination}. */
    public static int ports(long entry, int direction) {
        return NativeMemory.getInt(tuple(entry, direction) + PORTS);
    }

    /** Returns ports and protocol: {@link FiveTuple#transport}. */
    public static long transport(long entry, int direction) {
        return FiveTuple.transport(ports(entry, direction), Entry.protocol(entry));
    }

    public static long sourceHi(long entry, int direction) {
        return Entry.isIpv4(entry) ? 0 : NativeMemory.getLong(ipv6Tuple(entry, direction) + SOURCE_HI);
    }

    public static long sourceLo(long entry, int direction) {
        return Entry.isIpv4(entry)
                ? Address.mapped((int) (addresses(entry, direction) >>> 32))
                : NativeMemory.getLong(ipv6Tuple(entry, direction) + SOURCE_LO);
    }

    public static long destinationHi(long entry, int direction) {
        return Entry.isIpv4(entry) ? 0 : NativeMemory.getLong(ipv6Tuple(entry, direction) + DESTINATION_HI);
    }

    public static long destinationLo(long entry, int direction) {
        return Entry.isIpv4(entry)
                ? Address.mapped((int) addresses(entry, direction))
                : NativeMemory.getLong(ipv6Tuple(entry, direction) + DESTINATION_LO);
    }
}

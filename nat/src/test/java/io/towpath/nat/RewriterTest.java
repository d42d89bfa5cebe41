package io.towpath.nat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.towpath.nat.RawPacket.Sum;
import io.towpath.nat.RawPacket.Tuple;
import io.towpath.packet.FiveTuple;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Rewriting by deltas gives the packet that would have been built for the other tuple, and the way back gives the packet that came. */
final class RewriterTest {
    private static final int L3 = 24;
    private static final int[] PROTOCOLS = {FiveTuple.TCP, FiveTuple.UDP, FiveTuple.SCTP, FiveTuple.ICMP};

    /** A connection's first packet and what it is rewritten to. */
    private record Case(RawPacket shape, Tuple from, Tuple to) {
        int addressDelta() {
            return Rewriter.addressDelta(
                    from.sourceHi(),
                    from.sourceLo(),
                    from.destinationHi(),
                    from.destinationLo(),
                    to.sourceHi(),
                    to.sourceLo(),
                    to.destinationHi(),
                    to.destinationLo());
        }

        int transportDelta() {
            return Rewriter.transportDelta(addressDelta(), transport(from), transport(to));
        }

        long transport(Tuple tuple) {
            return FiveTuple.transport(tuple.sourcePort(), tuple.destinationPort(), shape.protocol());
        }

        /** Applies the rewrite, or reverts it. */
        byte[] rewrite(byte[] packet, boolean partial, boolean revert) {
            Tuple tuple = revert ? from : to;
            int flip = revert ? 0xFFFF : 0;
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment frames = arena.allocate(L3 + packet.length);
                MemorySegment.copy(packet, 0, frames, ValueLayout.JAVA_BYTE, L3, packet.length);
                new Rewriter(frames)
                        .rewrite(
                                L3,
                                L3 + shape.headerLength(),
                                packet.length - shape.headerLength(),
                                partial,
                                tuple.sourceHi(),
                                tuple.sourceLo(),
                                tuple.destinationHi(),
                                tuple.destinationLo(),
                                transport(tuple),
                                addressDelta() ^ flip,
                                transportDelta() ^ flip);
                return frames.asSlice(L3).toArray(ValueLayout.JAVA_BYTE);
            }
        }
    }

    private static Case anyCase(long seed, int protocol, boolean ipv6, boolean masquerade) {
        Random random = new Random(seed);
        int number = ipv6 && PROTOCOLS[protocol] == FiveTuple.ICMP ? FiveTuple.ICMPV6 : PROTOCOLS[protocol];
        RawPacket shape = RawPacket.random(random, ipv6, number);
        Tuple from = Tuple.random(random, shape);
        Tuple other = Tuple.random(random, shape);
        boolean echo = protocol == 3;
        Tuple to = new Tuple(
                masquerade ? other.sourceHi() : from.sourceHi(),
                masquerade ? other.sourceLo() : from.sourceLo(),
                other.destinationHi(),
                other.destinationLo(),
                masquerade && random.nextBoolean() ? other.sourcePort() : from.sourcePort(),
                echo ? 0 : random.nextBoolean() ? other.destinationPort() : from.destinationPort());
        return new Case(shape, from, to);
    }

    @Property(tries = 2000)
    void shouldGiveThePacketOfTheOtherTupleAndBack(
            @ForAll long seed,
            @ForAll @IntRange(max = 3) int protocol,
            @ForAll boolean ipv6,
            @ForAll boolean masquerade) {
        Case any = anyCase(seed, protocol, ipv6, masquerade);
        byte[] packet = any.shape().build(any.from(), Sum.RIGHT);

        byte[] applied = any.rewrite(packet, false, false);

        assertArrayEquals(any.shape().build(any.to(), Sum.RIGHT), applied);
        assertArrayEquals(packet, any.rewrite(applied, false, true));
    }

    @Property(tries = 1000)
    void shouldKeepAWrongChecksumWrongByTheSameDifference(
            @ForAll long seed,
            @ForAll @IntRange(max = 3) int protocol,
            @ForAll boolean ipv6,
            @ForAll boolean masquerade) {
        Case any = anyCase(seed, protocol, ipv6, masquerade);
        byte[] packet = any.shape().build(any.from(), Sum.WRONG);
        int right = any.shape().difference(any.shape().build(any.from(), Sum.RIGHT));
        assertNotEquals(right, any.shape().difference(packet));

        byte[] applied = any.rewrite(packet, false, false);

        assertEquals(any.shape().difference(packet), any.shape().difference(applied));
        assertArrayEquals(packet, any.rewrite(applied, false, true));
    }

    @Property(tries = 500)
    void shouldLeaveUdpWithoutAChecksum(@ForAll long seed, @ForAll boolean ipv6, @ForAll boolean masquerade) {
        Case any = anyCase(seed, 1, ipv6, masquerade);
        byte[] packet = any.shape().build(any.from(), Sum.NONE);

        byte[] applied = any.rewrite(packet, false, false);

        assertArrayEquals(any.shape().build(any.to(), Sum.NONE), applied);
        assertArrayEquals(packet, any.rewrite(applied, false, true));
    }

    @Property(tries = 1000)
    void shouldKeepAPartialChecksumOneThatTheDeviceCanComplete(
            @ForAll long seed,
            @ForAll @IntRange(max = 1) int protocol,
            @ForAll boolean ipv6,
            @ForAll boolean masquerade) {
        Case any = anyCase(seed, protocol, ipv6, masquerade);
        byte[] packet = any.shape().build(any.from(), Sum.PARTIAL);

        byte[] applied = any.rewrite(packet, true, false);

        assertArrayEquals(any.shape().build(any.to(), Sum.PARTIAL), applied);
        assertArrayEquals(any.shape().build(any.to(), Sum.RIGHT), any.shape().completed(applied));
        assertArrayEquals(packet, any.rewrite(applied, true, true));
    }

    /** In ones' complement 0 and 0xFFFF are one number; TCP senders write 0. */
    @Property(tries = 100)
    void shouldKeepTheOtherZeroAZero(@ForAll long seed, @ForAll boolean ipv6) {
        Case any = anyCase(seed, 0, ipv6, true);
        byte[] packet = any.shape().build(any.from(), Sum.NONE);
        byte[] other = packet.clone();
        int at = any.shape().headerLength() + 16;
        Arrays.fill(other, at, at + 2, (byte) 0xFF);

        assertEquals(
                any.shape().difference(packet),
                any.shape().difference(any.rewrite(any.rewrite(other, false, false), false, true)));
    }
}

package io.towpath.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.wire.Address;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kind, reason and transport word of any bytes behind an IP header, and that nothing behind those is read. */
final class TransportParserTest {
    private static final int MEMORY_BYTES = 256;
    private static final int LENGTH_MAX = 64;
    private static final int TRIES = 100_000;
    private static final int[] PROTOCOLS = {1, 6, 17, 58, 132, 0, 47, 255};

    private final Arena arena = Arena.ofConfined();
    private final Burst burst = new Burst(arena.allocate(MEMORY_BYTES));

    /** What is known of a packet then; {@link Reason#NONE} but for an invalid one. The word of that means nothing. */
    private record Parsed(int kind, Reason reason, long transport) {
        static Parsed flow(int source, int destination, int protocol) {
            return new Parsed(FlowKind.FLOW, Reason.NONE, (long) source << 48 | (long) destination << 32 | protocol);
        }

        static Parsed other(int kind, int protocol) {
            return new Parsed(kind, Reason.NONE, protocol);
        }

        static Parsed invalid() {
            return new Parsed(FlowKind.INVALID, Reason.L4_HEADER_INVALID, 0);
        }
    }

    @AfterEach
    void close() {
        arena.close();
    }

    /** The bytes are the last of the memory: a read behind them is a fault. */
    private Parsed parse(boolean isIpv4, int protocol, byte[] l4) {
        long at = burst.frames.byteSize() - l4.length;
        MemorySegment.copy(l4, 0, burst.frames, ValueLayout.JAVA_BYTE, at, l4.length);
        burst.clear();
        burst.add(0, 0, 0, MEMORY_BYTES);
        burst.begin(0);
        burst.l4(0, at);
        burst.l4Length(0, l4.length);
        burst.destinationHi(0, isIpv4 ? 0 : 0xFD00L << 48);
        burst.destinationLo(0, isIpv4 ? Address.mapped(0x0A60_000A) : 10);
        int kind = TransportParser.parse(burst, 0, protocol);
        return new Parsed(kind, burst.reason(0), kind == FlowKind.INVALID ? 0 : burst.transport(0));
    }

    private Parsed parse(boolean isIpv4, int protocol, String hex) {
        return parse(isIpv4, protocol, HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    /** RFC 9293 section 3.1, RFC 768, RFC 9260 section 3, RFC 792, RFC 4443 and RFC 4861 section 4, by the bytes. */
    private static Parsed expected(boolean isIpv4, int protocol, byte[] bytes) {
        ByteBuffer l4 = ByteBuffer.wrap(bytes);
        int length = bytes.length;
        boolean isWhole =
                switch (protocol) {
                    case 6 -> length >= 20 && isWithin((bytes[12] >> 4 & 15) * 4, 20, length);
                    case 17 -> length >= 8 && isWithin(l4.getChar(4), 8, length);
                    case 132 -> length >= 12 + 4;
                    case 1 -> !isIpv4 || length >= 8;
                    case 58 -> isIpv4 || length >= 8;
                    default -> true;
                };
        if (!isWhole) {
            return Parsed.invalid();
        }
        return switch (protocol) {
            case 6, 17, 132 -> Parsed.flow(l4.getChar(0), l4.getChar(2), protocol);
            case 1 -> isIpv4 ? icmp(bytes[0] & 0xFF, l4.getChar(4)) : Parsed.other(FlowKind.OTHER_IP, protocol);
            case 58 -> isIpv4 ? Parsed.other(FlowKind.OTHER_IP, protocol) : icmpv6(bytes[0] & 0xFF, l4.getChar(4));
            default -> Parsed.other(FlowKind.OTHER_IP, protocol);
        };
    }

    private static boolean isWithin(int own, int least, int length) {
        return own >= least && own <= length;
    }

    private static Parsed icmp(int type, int identifier) {
        return switch (type) {
            case 8 -> Parsed.flow(identifier, 0, 1);
            case 0 -> Parsed.flow(0, identifier, 1);
            case 3, 4, 5, 11, 12 -> Parsed.other(FlowKind.ICMP_ERROR, 1);
            default -> Parsed.other(FlowKind.OTHER_IP, 1);
        };
    }

    private static Parsed icmpv6(int type, int identifier) {
        if (type == 128 || type == 129) {
            return type == 128 ? Parsed.flow(identifier, 0, 58) : Parsed.flow(0, identifier, 58);
        }
        if (type >= 133 && type <= 137) {
            return Parsed.other(FlowKind.NEIGHBOR, 58);
        }
        return Parsed.other(type < 128 ? FlowKind.ICMP_ERROR : FlowKind.OTHER_IP, 58);
    }

    @Test
    void shouldAgreeWithAnotherParserAboutAnyBytes() {
        Random random = new Random(1);
        int[] kinds = new int[FlowKind.FRAGMENT + 1];
        for (int i = 0; i < TRIES; i++) {
            int protocol = PROTOCOLS[random.nextInt(PROTOCOLS.length)];
            boolean isIpv4 = random.nextBoolean();
            byte[] l4 = new byte[random.nextInt(LENGTH_MAX)];
            random.nextBytes(l4);
            makeLikely(random, l4);

            Parsed parsed = parse(isIpv4, protocol, l4);

            assertEquals(expected(isIpv4, protocol, l4), parsed, "protocol " + protocol + ", try " + i);
            kinds[parsed.kind]++;
        }
        for (int kind :
                new int[] {FlowKind.INVALID, FlowKind.FLOW, FlowKind.ICMP_ERROR, FlowKind.OTHER_IP, FlowKind.NEIGHBOR
                }) {
            assertTrue(kinds[kind] > TRIES / 1_000, Arrays.toString(kinds));
        }
    }

    /** A length of UDP is seldom one by chance. */
    private static void makeLikely(Random random, byte[] l4) {
        if (l4.length > 5 && random.nextBoolean()) {
            l4[4] = 0;
            l4[5] = (byte) random.nextInt(LENGTH_MAX + 8);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "true, 6, 20, abcd01bb 00000001 00000002 5018ffff 00000000 746f77706174",
        "true, 6, 24, abcd01bb 00000001 00000002 6002ffff 00000000 020405b4 746f",
        "true, 17, 9, abcd01bb 00090000 74",
        "true, 132, 16, abcd01bb 00000001 00000000 01000014",
        "true, 1, 8, 0800f7ff abcd0001 746f7770",
        "false, 58, 8, 8000f7ff abcd0001 746f7770"
    })
    void shouldTakeAHeaderOnlyWhole(boolean isIpv4, int protocol, int whole, String hex) {
        byte[] l4 = HexFormat.of().parseHex(hex.replace(" ", ""));
        for (int length = 0; length <= l4.length; length++) {
            Parsed parsed = parse(isIpv4, protocol, Arrays.copyOf(l4, length));
            assertEquals(length >= whole ? FlowKind.FLOW : FlowKind.INVALID, parsed.kind, length + " bytes");
            assertEquals(length >= whole ? Reason.NONE : Reason.L4_HEADER_INVALID, parsed.reason, length + " bytes");
        }
    }

    @Test
    void shouldGiveAnEchoOneConnectionBothWays() {
        long request = parse(true, FiveTuple.ICMP, "0800f7ff abcd0001").transport;
        long reply = parse(true, FiveTuple.ICMP, "0000ffff abcd0001").transport;
        assertEquals(0xABCD_0000_0000_0001L, request);
        assertEquals(FiveTuple.reverse(request), reply);

        long requestV6 = parse(false, FiveTuple.ICMPV6, "8000f7ff abcd0001").transport;
        long replyV6 = parse(false, FiveTuple.ICMPV6, "8100ffff abcd0001").transport;
        assertEquals(0xABCD_0000_0000_003AL, requestV6);
        assertEquals(FiveTuple.reverse(requestV6), replyV6);
    }

    @Test
    void shouldNotTakeTheIcmpOfOneFamilyForThatOfTheOther() {
        assertEquals(Parsed.other(FlowKind.OTHER_IP, 1), parse(false, FiveTuple.ICMP, "0800f7ff abcd0001"));
        assertEquals(Parsed.other(FlowKind.OTHER_IP, 58), parse(true, FiveTuple.ICMPV6, "8700f7ff 00000000"));
        assertEquals(Parsed.other(FlowKind.OTHER_IP, 1), parse(false, FiveTuple.ICMP, ""), "not looked into");
        assertEquals(Parsed.other(FlowKind.OTHER_IP, 58), parse(true, FiveTuple.ICMPV6, ""), "not looked into");
    }

    @ParameterizedTest
    @ValueSource(ints = {6, 17, 132, 1, 58})
    void shouldRefuseWhatIsShorterThanItSaysHeadersAre(int protocol) {
        int least = TransportParser.minLength(protocol);
        assertTrue(least >= 8);
        assertEquals(Parsed.invalid(), parse(protocol != 58, protocol, new byte[least - 1]));
    }

    @Test
    void shouldLookIntoNoOtherProtocol() {
        for (int protocol = 0; protocol < 256; protocol++) {
            boolean isLookedInto = TransportParser.minLength(protocol) > 0;
            Parsed parsed = parse(true, protocol, new byte[0]);
            boolean isIcmpv6 = protocol == FiveTuple.ICMPV6;
            assertEquals(isLookedInto && !isIcmpv6 ? FlowKind.INVALID : FlowKind.OTHER_IP, parsed.kind);
        }
    }
}

package io.towpath.conntrack;

import static io.towpath.conntrack.Entry.ASSURED;
import static io.towpath.conntrack.Entry.SEEN_REPLY;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * TCP as the kernel tracks it. The first six tests state what tools/testing/selftests/net/netfilter/packetdrill/conntrack_*.pkt state, in
 * words and numbers of our own; the others what net/netfilter/nf_conntrack_proto_tcp.c says besides.
 */
final class TcpTrackerTest {
    private static final int[] SCALE_8 = {3, 3, 8, 1};
    private static final int[] SCALE_0 = {3, 3, 0, 1};

    private final TcpScript tcp = new TcpScript(false);

    @AfterEach
    void tearDown() {
        tcp.close();
    }

    @Test
    void shouldLetARetransmitOfAcknowledgedBytesPass() {
        tcp.establish();
        int sent = 1;
        for (; sent < 70_000; sent += 1460) { // more than the largest window, so that the first byte is below it
            tcp.window(257).client("P.", sent, 1, 1460).window(65_535).server(".", 1, sent + 1460, 0);
        }

        tcp.window(257).client("P.", 1, 1, 1460).window(65_535).server(".", 1, sent, 0);
        tcp.expectInvalid(0, 0).expect("ESTABLISHED", SEEN_REPLY | ASSURED);
    }

    @Test
    void shouldCloseByAnyResetOnceAFinWasSeen() {
        tcp.establish()
                .server(".", 1, 1, 1000)
                .client(".", 1, 1001, 0)
                .client("P.", 1, 1001, 500)
                .server("F.", 1001, 501, 0)
                .expect("FIN_WAIT", SEEN_REPLY | ASSURED)
                .client(".", 501, 1002, 0)
                .expect("CLOSE_WAIT", SEEN_REPLY | ASSURED)
                .client("R.", 501, 1002, 0)
                .expect("CLOSE", SEEN_REPLY | ASSURED)
                .server("R", 701, 0, 0) // of no connection that anybody remembers
                .expect("CLOSE", SEEN_REPLY | ASSURED)
                .expectInvalid(0, 0);
    }

    @Test
    void shouldFindFourResetsInvalidAndCloseByTheExactOne() {
        tcp.establish().server(".", 1, 1, 3000).client(".", 1, 3001, 0).client("P.", 1, 3001, 1000);
        tcp.window(0)
                .server("R", 0, 0, 0) // too old
                .expect("ESTABLISHED", SEEN_REPLY | ASSURED)
                .server("R", 1_000_000, 0, 0) // beyond the window
                .expect("ESTABLISHED", SEEN_REPLY | ASSURED)
                .server("R", 42, 0, 0) // acknowledged long ago
                .expect("ESTABLISHED", SEEN_REPLY | ASSURED)
                .server("R.", 3000, 1001, 0) // one too low
                .expect("ESTABLISHED", SEEN_REPLY | ASSURED)
                .expectInvalid(0, 4)
                .server("R.", 3001, 1001, 0)
                .expect("CLOSE", SEEN_REPLY | ASSURED)
                .expectInvalid(0, 4);
    }

    @Test
    void shouldStayUnrepliedWhileASynIsChallengedAndThenConnect() {
        tcp.client("S", 0, 0, 0)
                .server(".", 145_000_000, 643_000_000, 0)
                .expect("SYN_SENT", 0)
                .client("R", 643_000_000, 0, 0)
                .expect("SYN_SENT", 0)
                .client("S", 0, 0, 0)
                .server("S.", 0, 1, 0)
                .expect("SYN_RECV", SEEN_REPLY)
                .client(".", 1, 1, 0)
                .expect("ESTABLISHED", SEEN_REPLY | ASSURED)
                .expectConnections(1)
                .expectInvalid(0, 0);
    }

    @Test
    void shouldRefuseTheSynAckOfAnotherTimeAndTakeTheRightOne() {
        tcp.options(SCALE_8)
                .client("S", 0, 0, 0)
                .options(SCALE_0)
                .server("S.", 145_824_453, 643_160_523, 0)
                .options(SCALE_8)
                .client("S", 0, 0, 0)
                .expect("SYN_SENT", 0)
                .server("S.", 145_758_918, 1, 0)
                .options()
                .client("P.", 1, 145_758_919, 1)
                .expect("ESTABLISHED", SEEN_REPLY | ASSURED)
                .expectInvalid(0, 1);
    }

    @Test
    void shouldStartAnewAfterASynOnAnEstablishedTupleWasChallenged() {
        tcp.establish()
                .client("P.", 1, 1, 100)
                .server(".", 1, 101, 0)
                .client("S", 2000, 0, 0)
                .expect("ESTABLISHED", SEEN_REPLY | ASSURED)
                .server(".", 1, 101, 0)
                .client("R.", 101, 1, 0)
                .expect("CLOSE", SEEN_REPLY | ASSURED)
                .client("S", 2000, 0, 0)
                .expect("SYN_SENT", 0)
                .server("S.", 9000, 2001, 0)
                .expect("SYN_RECV", SEEN_REPLY)
                .expectConnections(2)
                .expectInvalid(0, 0);
    }

    @Test
    void shouldFollowAServerThatTakesASynOnAnEstablishedTuple() {
        tcp.establish()
                .options(SCALE_8)
                .client("S", 700_000, 0, 0)
                .server("S.", 5_000_000, 700_001, 0)
                .options()
                .expect("SYN_RECV", SEEN_REPLY | ASSURED)
                .client(".", 700_001, 5_000_001, 0)
                .expect("ESTABLISHED", SEEN_REPLY | ASSURED)
                .server("P.", 5_000_001, 700_001, 1000)
                .expectConnections(1)
                .expectInvalid(0, 0);
    }

    @Test
    void shouldNotTakeAChallengeForTheLastAcknowledgment() {
        tcp.establish()
                .client("F.", 1, 1, 0)
                .server("F.", 1, 2, 0)
                .expect("LAST_ACK", SEEN_REPLY | ASSURED)
                .client("S", 900_000, 0, 0)
                .server(".", 2, 2, 0)
                .expect("LAST_ACK", SEEN_REPLY | ASSURED)
                .client(".", 2, 2, 0)
                .expect("TIME_WAIT", SEEN_REPLY | ASSURED)
                .expectInvalid(0, 0);
    }

    @Test
    void shouldBeginAgainAtOnceAfterTheEndWhoeverEndedIt() {
        tcp.establish().client("F.", 1, 1, 0).server("F.", 1, 2, 0).client(".", 2, 2, 0);
        tcp.expect("TIME_WAIT", SEEN_REPLY | ASSURED)
                .client("S", 5, 0, 0)
                .expect("SYN_SENT", 0)
                .expectConnections(2);
        tcp.server("S.", 0, 6, 0).client(".", 6, 1, 0).server("R", 1, 0, 0);
        tcp.expect("CLOSE", SEEN_REPLY | ASSURED)
                .client("S", 5, 0, 0)
                .expect("SYN_SENT", 0)
                .expectConnections(3)
                .expectInvalid(0, 0);
    }

    @Test
    void shouldForgetAConnectionThatWasRefused() {
        tcp.client("S", 100, 0, 0)
                .window(0)
                .server("R.", 0, 101, 0)
                .expectGone()
                .expectInvalid(0, 0);
    }

    @Test
    void shouldKeepAnUnansweredSynFromAResetThatDoesNotAnswerIt() {
        tcp.client("S", 100, 0, 0)
                .server("R.", 0, 7777, 0)
                .expect("SYN_SENT", 0)
                .expectInvalid(0, 1);
    }

    @Test
    void shouldConnectWhenBothSidesOpen() {
        tcp.client("S", 100, 0, 0)
                .server("S", 500, 0, 0)
                .expect("SYN_SENT2", SEEN_REPLY)
                .client("S.", 100, 501, 0)
                .server("S.", 500, 101, 0)
                .server(".", 501, 101, 0)
                .expect("ESTABLISHED", SEEN_REPLY | ASSURED)
                .client(".", 101, 501, 0)
                .expect("ESTABLISHED", SEEN_REPLY | ASSURED)
                .expectInvalid(0, 0);
    }

    @Test
    void shouldLetAnInexactResetPassAndLeaveTheAnswerToThePeer() {
        tcp.establish().client(".", 1, 1, 0).server(".", 1, 1, 0).client("R", 500, 0, 0);

        tcp.expect("ESTABLISHED", SEEN_REPLY | ASSURED).expectInvalid(0, 0).expectExpiryAfter(10);
    }

    @Test
    void shouldRefuseFlagsThatNobodySends() {
        tcp.establish();
        for (String flags : new String[] {"", "F", "SF", "SR", "FR", "SF.", "RU", "S.U", "SFPU"}) {
            tcp.client(flags, 1, 1, 0);
        }
        tcp.expectInvalid(9, 0).expect("ESTABLISHED", SEEN_REPLY | ASSURED);
    }

    @Test
    void shouldNotEnforceTheWindowOfAConnectionThatIsOlderThanTheTable() {
        tcp.client("P.", 10_000, 20_000, 100)
                .expect("ESTABLISHED", 0)
                .server("P.", 20_000 + 10_000_000, 10_100, 1000) // its window may be scaled, who knows
                .client(".", 10_100, 20_000 + 10_001_000, 0)
                .server(".", 20_000 + 10_001_000, 10_100, 100)
                .expect("ESTABLISHED", SEEN_REPLY | ASSURED)
                .expectInvalid(0, 0);
    }

    @Test
    void shouldRefuseWhatIsBeyondTheScaledWindow() {
        tcp.options(SCALE_8)
                .client("S", 0, 0, 0)
                .server("S.", 0, 1, 0)
                .options()
                .client(".", 1, 1, 0);

        tcp.server(".", 1 + 16_000_000, 1, 1000).expectInvalid(0, 0);
        tcp.server(".", 1 + 50_000_000, 1, 1000).expectInvalid(0, 1);
        tcp.client(".", 1, 1 + 100_000_000, 0).expectInvalid(1, 1);
    }

    @Test
    void shouldLetEverythingButOldResetsPassIfLiberal() {
        try (TcpScript liberal = new TcpScript(true)) {
            liberal.establish()
                    .client(".", 1, 1, 0)
                    .server(".", 50_000_000, 1, 1000)
                    .client(".", 60_000_000, 70_000_000, 10)
                    .expectInvalid(0, 0)
                    .server("R", 0, 0, 0)
                    .expect("ESTABLISHED", SEEN_REPLY | ASSURED)
                    .expectInvalid(0, 1);
        }
    }

    @Test
    void shouldKeepAnEstablishedConnectionForADay() {
        tcp.establish().client("P.", 1, 1, 10).server(".", 1, 11, 0).expectExpiryAfter(86_400);
    }

    @Test
    void shouldExpireSoonerWhatIsNotAcknowledged() {
        tcp.establish().client("P.", 1, 1, 10).expectExpiryAfter(300);
    }

    @Test
    void shouldExpireSoonerWhatRepeatsItself() {
        tcp.establish();
        for (int i = 0; i < 4; i++) {
            tcp.client(".", 1, 1, 0);
        }
        tcp.expectExpiryAfter(300);
    }

    @Test
    void shouldExpireSoonerBehindAClosedWindow() {
        tcp.establish().window(0).server(".", 1, 1, 0).expectExpiryAfter(300);
    }

    @Test
    void shouldExpireSoonerWhatWasPickedUpAndNeverAnswered() {
        tcp.client(".", 1, 1, 0).expectExpiryAfter(300);
    }

    @Test
    void shouldNotLetRepeatedSynsKeepAnEntry() {
        tcp.client("S", 0, 0, 0).seconds(100).client("S", 0, 0, 0).expectExpiryAfter(20);
    }
}

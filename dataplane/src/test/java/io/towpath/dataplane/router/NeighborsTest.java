package io.towpath.dataplane.router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.pipeline.Packets;
import io.towpath.maps.AnonymousMapStore;
import io.towpath.maps.Quiescence;
import io.towpath.packet.Reason;
import io.towpath.wire.Address;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A neighbor that gets packets and sends none: RFC 4861 section 7.3, and Linux for ARP too. */
final class NeighborsTest extends RouterHarness {
    private final List<Long> askedAtMs = new ArrayList<>();

    /** A packet to host B every 50 ms. Requests for it are answered by a MAC address, not at all where it is 0. */
    private void stream(int seconds, long answer) {
        long startNs = nowNs;
        for (int n = 0; n < seconds * 20; n++) {
            nowNs += 50_000_000;
            receive(0, packet("10.0.1.2", "10.0.2.2", 64, 100));
            boolean asked = sent.stream().anyMatch(NeighborsTest::isRequest);
            if (asked) {
                askedAtMs.add((nowNs - startNs) / 1_000_000);
            }
            if (asked && answer != 0) {
                receive(1, arp(MAC_B, 2, answer, "10.0.2.2", "10.0.2.1"));
            }
        }
    }

    private static boolean isRequest(Sent frame) {
        return frame.port() == 1 && ByteBuffer.wrap(frame.frame()).getShort(12) == 0x0806;
    }

    @Test
    void shouldAskANeighborInUseBeforeItIsForgotten() {
        learnHostB();
        stream(200, HOST_B);

        assertEquals(4000, packets(Reason.ROUTED), "no packet waits or is lost");
        assertEquals(6, askedAtMs.size(), "about every 30 s: " + askedAtMs);
        assertTrue(askedAtMs.getFirst() >= 30_000, "the first at " + askedAtMs.getFirst());
    }

    @Test
    void shouldTakeOverTheMacAddressOfTheAnswer() {
        learnHostB();
        stream(40, HOST_B + 1);

        assertEquals(HOST_B + 1, mac(lastRouted(), 0));
    }

    @Test
    void shouldAskAnewWhenThePortsDeviceIsAnother() {
        learnHostB();
        stream(1, HOST_B);
        assertEquals(List.of(), askedAtMs);

        neighbors.forget(1);
        stream(1, HOST_B + 1);
        assertEquals(HOST_B + 1, mac(lastRouted(), 0));
    }

    private long macOfHostB() {
        return neighbors.mac(1, 0, Address.parse("10.0.2.2").lo());
    }

    private byte[] lastRouted() {
        pass(0); // what waits goes first
        receive(0, packet("10.0.1.2", "10.0.2.2", 64, 100));
        return sent.getFirst().frame();
    }

    @Test
    void shouldForgetANeighborInUseAfterThreeRequestsWithoutAnswer() {
        learnHostB();
        stream(33, 0);
        assertEquals(3, askedAtMs.size(), askedAtMs.toString());
        assertTrue(askedAtMs.get(1) - askedAtMs.get(0) >= 1000 && askedAtMs.get(2) - askedAtMs.get(1) >= 1000);
        assertEquals(33 * 20, packets(Reason.ROUTED));
        assertEquals(HOST_B, macOfHostB());

        stream(2, 0);
        assertEquals(-1, macOfHostB());
        assertTrue(router.hasPending(), "the next packet waits");
    }

    @Test
    void shouldAskAnIpv6NeighborToo() {
        byte[] packet = Packets.udp("fd01::2", 4000, "fd02::2", 53);
        ByteBuffer.wrap(packet).putShort(0, (short) (MAC_A >>> 32)).putInt(2, (int) MAC_A);
        Address host = Address.parse("fd02::2");
        neighbors.report(1, host.hi(), host.lo(), HOST_B, nowNs);
        nowNs += 31_000_000_000L;
        neighbors.update(nowNs);
        receive(0, packet);

        assertEquals(2, sent.size());
        assertEquals((byte) 135, sent.getFirst().frame()[54]);
        assertEquals(1, packets(Reason.ROUTED));
    }

    @Test
    void shouldNotAskANeighborThatNobodyUses() {
        learnHostB();
        for (int second = 1; second <= 90; second++) {
            pass(1000);
            assertEquals(List.of(), sent);
        }
        assertEquals(HOST_B, macOfHostB());
        pass(1000);
        assertEquals(-1, macOfHostB());
    }

    @Test
    void shouldAskOnceHoweverManyPacketsCome() {
        learnHostB();
        nowNs += 31_000_000_000L;
        neighbors.update(nowNs);
        int requests = 0;
        for (int n = 0; n < 10; n++) {
            receive(0, packet("10.0.1.2", "10.0.2.2", 64, 100));
            requests += (int) sent.stream().filter(NeighborsTest::isRequest).count();
        }
        assertEquals(1, requests);
    }

    /** Tells of as many neighbors of port 0 as there is room for, and 1,000 more. */
    private void flood(Neighbors crowded) {
        for (int n = 0; n < Neighbors.CAPACITY + 1_000; n++) {
            crowded.report(0, 7, n, HOST_A, nowNs);
            crowded.update(nowNs);
        }
    }

    @Test
    void shouldLetNoPortShutOthersOut() {
        try (AnonymousMapStore other = new AnonymousMapStore()) {
            Neighbors crowded = Neighbors.create(other, 1, new Quiescence(1), new ArrayDeque<>());
            crowded.report(1, 0, 1, HOST_B, nowNs);
            flood(crowded);
            crowded.report(1, 0, 2, HOST_B, nowNs);
            crowded.report(0, 0, 3, HOST_A, nowNs);
            crowded.update(nowNs);

            assertEquals(HOST_B, crowded.mac(1, 0, 1), "known before");
            assertEquals(HOST_B, crowded.mac(1, 0, 2), "new");
            assertEquals(HOST_A, crowded.mac(0, 0, 3), "new on the same port");
            assertEquals(-1, crowded.mac(0, 7, 0), "the oldest");
            assertEquals(HOST_A, crowded.mac(0, 7, Neighbors.CAPACITY + 999), "the last");
        }
    }

    @Test
    void shouldLeaveNextHopsAsLongAsNoKnownNeighborChanges() {
        learnHostB();
        long before = neighbors.versionAcquire();
        receive(1, arp(MAC_B, 2, HOST_B, "10.0.2.2", "10.0.2.1"));
        receive(1, arp(MAC_B, 2, HOST_B + 2, "10.0.2.3", "10.0.2.1"));
        assertEquals(before, neighbors.versionAcquire(), "what is known already, and a new one");

        receive(1, arp(MAC_B, 2, HOST_B + 1, "10.0.2.2", "10.0.2.1"));
        assertEquals(before + 1, neighbors.versionAcquire());
    }

    @Test
    void shouldNotLearnAGroupAddress() {
        byte[] solicitation = Packets.neighborSolicitation("fd01::2", "fd01::1", BROADCAST);
        ByteBuffer.wrap(solicitation).putShort(0, (short) (MAC_A >>> 32)).putInt(2, (int) MAC_A);
        receive(0, solicitation);

        assertEquals(1, packets(Reason.NEIGHBOR_MESSAGE_INVALID));
        assertEquals(List.of(), sent);
        Address host = Address.parse("fd01::2");
        assertEquals(-1, neighbors.mac(0, host.hi(), host.lo()));
    }

    @Test
    void shouldTakeOverEveryReportHoweverManyThereAre() {
        try (AnonymousMapStore other = new AnonymousMapStore()) {
            Neighbors many = Neighbors.create(other, 1, new Quiescence(1), new ArrayDeque<>());
            for (int n = 0; n < 600; n++) {
                many.report(0, 0, n, n, nowNs);
            }
            assertEquals(256, many.update(nowNs), "bounded");
            assertEquals(256, many.update(nowNs));
            assertEquals(88, many.update(nowNs));

            for (int n = 0; n < 600; n++) {
                assertEquals(n, many.mac(0, 0, n));
            }
        }
    }
}

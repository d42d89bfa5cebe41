package io.towpath.dataplane.pipeline;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.port.FramePool;
import org.junit.jupiter.api.Test;

final class IcmpErrorSenderTest {
    private static final long NOW_NS = 1_000_000_000_000L;

    @Test
    void shouldNotLetASenderChooseWhomItSharesALimitWith() {
        long victimHi = 0xFD01_0000_0000_0000L;
        long victimLo = 0x1234;
        long ownHi = 0xFD02_0000_0000_0000L;
        try (FramePool pool = new FramePool(1)) {
            IcmpErrorSender errors = new IcmpErrorSender(pool, 1);
            for (int factor = 1; factor < 100; factor += 2) { // collisions of any unseeded hash lo ^ hi * factor
                long ownLo = victimLo ^ victimHi * factor ^ ownHi * factor;
                while (errors.mayPay(ownHi, ownLo, NOW_NS)) {
                    // until there are no more
                }
                assertFalse(errors.mayPay(ownHi, ownLo, NOW_NS));
            }

            assertTrue(errors.mayPay(victimHi, victimLo, NOW_NS));
        }
    }
}

package io.towpath.dataplane.node;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class LegacyForwardTest {
    private static final String DROP = "-P FORWARD DROP\n-A FORWARD -j DOCKER-USER\n";

    @Test
    void shouldFindADroppingPolicyUnlessBothWaysAreLetThrough() {
        assertTrue(LegacyForward.drops(DROP, "towpath0"));
        assertTrue(LegacyForward.drops(DROP + "-A FORWARD -i towpath0 -j ACCEPT\n", "towpath0"));
        assertTrue(LegacyForward.drops(
                DROP + "-A FORWARD -i towpath0 -j DROP\n-A FORWARD -o towpath0 -j ACCEPT\n", "towpath0"));

        assertFalse(LegacyForward.drops(
                DROP
                        + "-A FORWARD -i towpath0 -m comment --comment \"ours\" -j ACCEPT\n-A FORWARD -o towpath0 -j ACCEPT\n",
                "towpath0"));
        assertFalse(LegacyForward.drops("-P FORWARD ACCEPT\n", "towpath0"));
    }
}

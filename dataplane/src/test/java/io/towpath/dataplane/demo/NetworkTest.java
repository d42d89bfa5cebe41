package io.towpath.dataplane.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class NetworkTest {
    @Test
    void shouldTellWhatADeadRunLeftBehind() throws Exception {
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();

        assertEquals(Optional.of(dead.pid() + ""), Network.deadOwner("towpath-" + dead.pid() + "-client"));
        assertEquals(Optional.of(dead.pid() + "x12"), Network.deadOwner("towpath-" + dead.pid() + "x12-backend3"));
    }

    @Test
    void shouldLeaveLiveRunsAndOtherNamesAlone() throws IOException {
        long alive = ProcessHandle.current().pid();

        assertEquals(Optional.empty(), Network.deadOwner("towpath-" + alive + "-client"));
        assertEquals(Optional.empty(), Network.deadOwner("towpath-" + alive + "x1-backend1"));
        assertEquals(Optional.empty(), Network.deadOwner("towpath-client"));
        assertEquals(Optional.empty(), Network.deadOwner("towpath-99999999-other"));
        assertEquals(Optional.empty(), Network.deadOwner("my-towpath-99999999-client"));
    }
}

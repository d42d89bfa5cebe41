package io.towpath.dataplane.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Network;
import io.towpath.dataplane.demo.Programs;
import io.towpath.dataplane.e2e.EndToEnd;
import io.towpath.linux.Errno;
import io.towpath.linux.LinuxException;
import io.towpath.linux.Tap;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@EndToEnd
final class DevicesTest {
    private final Cleanup cleanup = new Cleanup();
    private final Namespace place =
            new Namespace("towpath-" + ProcessHandle.current().pid() + "x902-client");

    @AfterEach
    void close() {
        cleanup.close();
    }

    @Test
    void shouldCloseADeviceThatIsGoneBeforeItIsMadeToPersist() throws Exception {
        Network.make(place, cleanup);
        Tap tap = place.call(() -> Tap.open("t0", 1));
        Path descriptor = Path.of("/proc/self/fd", Integer.toString(tap.queue(0).number()));
        Programs.require(place.command("ip", "link", "delete", "dev", "t0").toArray(String[]::new));

        var e = assertThrows(LinuxException.class, () -> Devices.persistent(tap));

        assertEquals(Errno.EBADFD, e.errno());
        assertFalse(
                Files.exists(descriptor) && Files.readSymbolicLink(descriptor).equals(Path.of("/dev/net/tun")),
                "still open");
    }
}

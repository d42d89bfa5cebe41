package io.towpath.dataplane.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.towpath.linux.Errno;
import io.towpath.linux.IpCommand;
import io.towpath.linux.LinuxException;
import io.towpath.linux.Tap;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class DevicesTest {
    @Test
    void shouldCloseADeviceThatIsGoneBeforeItIsMadeToPersist() throws Exception {
        String name = "tp-" + ProcessHandle.current().pid();
        Tap tap = Tap.open(name, 1);
        Path descriptor = Path.of("/proc/self/fd", Integer.toString(tap.queue(0).number()));
        IpCommand.run("link", "delete", "dev", name);

        var e = assertThrows(LinuxException.class, () -> Devices.persistent(tap));

        assertEquals(Errno.EBADFD, e.errno());
        assertFalse(
                Files.exists(descriptor) && Files.readSymbolicLink(descriptor).equals(Path.of("/dev/net/tun")),
                "still open");
    }
}

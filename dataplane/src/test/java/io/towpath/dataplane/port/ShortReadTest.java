package io.towpath.dataplane.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;

import io.towpath.dataplane.demo.Programs;
import io.towpath.linux.EventFd;
import io.towpath.linux.Fd;
import io.towpath.linux.LinuxException;
import io.towpath.linux.OpenFile;
import io.towpath.packet.Burst;
import io.towpath.packet.FrameParser;
import io.towpath.packet.Reason;
import io.towpath.wire.VnetHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a read brings less of than a frame needs is a frame that is dropped, by a reason. Files and pipes stand for devices. */
final class ShortReadTest {
    private static final Path EMPTY = Path.of("/dev/null");
    private static final int WAIT_MS = 5_000;

    @TempDir
    Path folder;

    private final FramePool pool = new FramePool(2 * RingIo.PROVIDED_BUFFERS);
    private final Burst burst = new Burst(pool.frames());
    private Path pipe;

    @BeforeEach
    void open() throws Exception {
        pipe = folder.resolve("pipe");
        Programs.require("mkfifo", pipe.toString());
    }

    @AfterEach
    void close() {
        pool.close();
    }

    private void assertTruncated(int frames) {
        FrameParser.parse(burst);
        assertEquals(frames, burst.count);
        IntStream.range(0, frames).forEach(i -> assertEquals(Reason.FRAME_TRUNCATED, burst.reason(i)));
    }

    private void write(int bytes) throws IOException {
        Files.write(pipe, new byte[bytes]);
    }

    @Test
    void shouldTakeReadsOfNothingForFramesOfNoBytes() {
        try (Fd nothing = OpenFile.open(EMPTY)) {
            TapPort port = new TapPort(0, "empty", nothing, pool.frames());

            assertEquals(
                    Burst.LIMIT, port.receive(pool, burst, Burst.LIMIT), "as many as a burst has, then others' turn");
            assertTruncated(Burst.LIMIT);
        }
    }

    @Test
    void shouldTakeReadsWithoutAWholeVirtioHeaderForFramesOfNoBytes() throws Exception {
        try (Fd file = OpenFile.open(pipe)) {
            TapPort port = new TapPort(0, "pipe", file, pool.frames());
            for (int bytes : List.of(1, 9, VnetHeader.LENGTH, VnetHeader.LENGTH + 13)) {
                write(bytes);
                burst.clear();

                assertEquals(1, port.receive(pool, burst, Burst.LIMIT));
                assertEquals(Math.max(0, bytes - VnetHeader.LENGTH), burst.length(0));
                assertTruncated(1);
            }
        }
    }

    @Test
    void shouldDoSoWithIoUring() throws Exception {
        try (EventFd wakeUp = new EventFd();
                Fd file = OpenFile.open(pipe)) {
            RingIo io = ringOrAbort(wakeUp);
            try {
                UringTapPort port = io.port(0, "pipe", file);
                io.start();
                for (int bytes : List.of(1, 9, VnetHeader.LENGTH, VnetHeader.LENGTH + 13)) {
                    write(bytes);
                    burst.clear();

                    io.await(WAIT_MS, (_, _, _, _) -> {});
                    assertEquals(1, port.receive(pool, burst, Burst.LIMIT));
                    assertEquals(Math.max(0, bytes - VnetHeader.LENGTH), burst.length(0));
                    assertTruncated(1);
                }
                io.stop();
            } finally {
                io.close();
            }
        }
    }

    private RingIo ringOrAbort(EventFd wakeUp) {
        try {
            return new RingIo(pool, wakeUp, 1);
        } catch (LinuxException e) {
            return abort("no io_uring here: " + e.getMessage());
        }
    }
}

package io.towpath.dataplane.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.towpath.dataplane.demo.Programs;
import io.towpath.dataplane.netty.EventLoops;
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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
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
    private final Semaphore completions = new Semaphore(0);
    private final Semaphore closings = new Semaphore(0);
    /** Buffers that left with frames, and do not come back here. */
    private int given;

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

    @Test
    void shouldReadOnAfterReadsOfNothingWithIoUring() throws Exception {
        try (EventFd wakeUp = new EventFd();
                Fd file = OpenFile.openToRead(pipe)) {
            RingIo io = ringOrAbort(wakeUp);
            try {
                UringTapPort port = io.port(0, "pipe", file);
                io.start();
                for (int round = 0; round < Burst.LIMIT; round++) { // nobody writes: each read brings nothing
                    io.submit((_, _, _, _) -> {});
                    assertEquals(0, port.receive(pool, burst, Burst.LIMIT));
                }
                write(VnetHeader.LENGTH + 13);

                io.await(WAIT_MS, (_, _, _, _) -> {});
                assertEquals(1, port.receive(pool, burst, Burst.LIMIT));
                assertTruncated(1);
                assertEquals(LinkState.UP, port.link());
                io.stop();
            } finally {
                io.close();
            }
        }
    }

    @Test
    void shouldDoSoWithNetty() throws Exception {
        IoEventLoopGroup group = groupOrAbort();
        try (Fd file = OpenFile.open(pipe);
                Fd nothing = OpenFile.open(EMPTY)) {
            SingleThreadIoEventLoop loop = EventLoops.next(group);
            NettyTapPort port = new NettyTapPort(0, "pipe", file, pool, completions::release);
            opened(loop, port);
            for (int bytes : List.of(1, 9, VnetHeader.LENGTH, VnetHeader.LENGTH + 13)) {
                write(bytes);

                assertEquals(1, receive(loop, port));
                assertEquals(Math.max(0, bytes - VnetHeader.LENGTH), burst.length(0));
                assertTruncated(1);
            }
            closed(loop, port);

            NettyTapPort empty = new NettyTapPort(1, "empty", nothing, pool, completions::release);
            opened(loop, empty);
            for (int round = 0; round < 10; round++) {
                assertTruncated(receive(loop, empty));
            }
            closed(loop, empty);
            assertEquals(pool.capacity(), pool.available() + given);
        } finally {
            group.shutdownGracefully(0, WAIT_MS, TimeUnit.MILLISECONDS).syncUninterruptibly();
        }
    }

    private void opened(SingleThreadIoEventLoop loop, NettyTapPort port) {
        loop.submit(() -> port.open(loop, closings::release)).syncUninterruptibly();
    }

    private void closed(SingleThreadIoEventLoop loop, NettyTapPort port) throws InterruptedException {
        loop.submit(port::close).syncUninterruptibly();
        assertTrue(closings.tryAcquire(WAIT_MS, TimeUnit.MILLISECONDS));
    }

    /** Returns how many frames came. */
    private int receive(SingleThreadIoEventLoop loop, NettyTapPort port) throws Exception {
        int received = 0;
        while (received == 0) {
            assertTrue(completions.tryAcquire(WAIT_MS, TimeUnit.MILLISECONDS));
            burst.clear();
            received = loop.submit(() -> port.receive(pool, burst, Burst.LIMIT)).get();
        }
        given += received;
        return received;
    }

    private IoEventLoopGroup groupOrAbort() {
        List<String> refusals = new ArrayList<>();
        IoEventLoopGroup group = EventLoops.openOrNull(1, refusals::add);
        return group == null ? abort(refusals.toString()) : group;
    }

    private RingIo ringOrAbort(EventFd wakeUp) {
        try {
            return new RingIo(pool, wakeUp, 1);
        } catch (LinuxException e) {
            return abort("no io_uring here: " + e.getMessage());
        }
    }
}

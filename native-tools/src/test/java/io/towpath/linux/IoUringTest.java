package io.towpath.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** With eventfds in place of devices: eight bytes to read and write. */
final class IoUringTest {
    private static final int BUFFERS = 2;
    private static final long WAIT_NS = 10_000_000_000L;

    private final EventFd event = new EventFd();
    private IoUring ring;
    private BufferRing buffers;
    private MappedMemory memory;

    @BeforeEach
    void open() {
        try {
            ring = new IoUring(4, 8);
        } catch (LinuxException e) {
            abort("no io_uring here: " + e.getMessage());
        }
        ring.registerFiles(-1, -1);
        assertEquals(1, ring.updateFile(1, event.number()));
        buffers = ring.registerBuffers(BUFFERS, 0);
        memory = MappedMemory.anonymous(4096);
        assertEquals(0, ring.enable());
    }

    @AfterEach
    void close() {
        if (ring != null) {
            ring.close();
            memory.close();
        }
        event.close();
    }

    private long address(int buffer) {
        return memory.segment().address() + 64L * buffer;
    }

    private void provide(int buffer) {
        buffers.add(address(buffer), 64, buffer);
        buffers.publishRelease();
    }

    private CompletionQueue completion() {
        ring.enterAndWait(WAIT_NS);
        assertTrue(ring.completions().next());
        return ring.completions();
    }

    @Test
    void shouldReadIntoTheBuffersProvidedUntilThereAreNone() {
        provide(0);
        provide(1);
        ring.submissions().readMultishot(1, 0, 77);
        ring.enter();
        for (int buffer = 0; buffer < BUFFERS; buffer++) {
            event.signal();
            CompletionQueue found = completion();
            assertEquals(77, found.userData());
            assertEquals(Long.BYTES, found.result());
            assertEquals(buffer, found.buffer());
            assertTrue(found.hasMore());
            assertEquals(1, memory.segment().get(ValueLayout.JAVA_LONG, 64L * buffer));
            found.consumedRelease();
        }
        event.signal();
        CompletionQueue ended = completion();
        assertEquals(-Errno.ENOBUFS, ended.result());
        assertEquals(-1, ended.buffer());
        assertFalse(ended.hasMore());
        ended.consumedRelease();

        provide(1);
        ring.submissions().readMultishot(1, 0, 78);
        CompletionQueue again = completion();
        assertEquals(78, again.userData());
        assertEquals(1, again.buffer());
    }

    @Test
    void shouldCompleteEveryWriteAndWaitForNone() {
        MemorySegment number = memory.segment();
        number.set(ValueLayout.JAVA_LONG, 0, -2); // as large as it can be
        number.set(ValueLayout.JAVA_LONG, 64, 5);
        ring.submissions().write(1, address(0), Long.BYTES, 1);
        ring.submissions().write(1, address(1), Long.BYTES, 2); // there is no room for 5 more
        ring.submissions().write(1, address(1), 4, 3); // not a number
        ring.submissions().write(0, address(1), Long.BYTES, 4); // no file
        assertTrue(ring.submissions().isFull());

        assertEquals(4, ring.enter());

        assertFalse(ring.submissions().isFull(), "the kernel took them");
        int[] errors = new int[5];
        for (int found = 0; found < 4; found++) {
            CompletionQueue completions = completion();
            errors[(int) completions.userData()] = completions.result();
            completions.consumedRelease();
        }
        assertEquals(Long.BYTES, errors[1]);
        assertEquals(-Errno.EAGAIN, errors[2], "does not wait for room");
        assertEquals(-Errno.EINVAL, errors[3]);
        assertEquals(-Errno.EBADF, errors[4]);
    }

    @Test
    void shouldWaitForADescriptorAndForATime() {
        assertEquals(-Errno.ETIME, ring.enterAndWait(1));
        ring.submissions().pollReadable(event.number(), 9);
        assertEquals(1, ring.enterAndWait(1), "handed over");
        assertEquals(-Errno.ETIME, ring.enterAndWait(1));
        event.signal();
        assertEquals(9, completion().userData());
    }

    @Test
    void shouldEndWhatItIsToldToCancel() {
        provide(0);
        ring.submissions().readMultishot(1, 0, 1);
        ring.submissions().cancelAll(2);
        ring.enter();
        int found = 0;
        while (found < 2) {
            CompletionQueue completions = completion();
            assertFalse(completions.hasMore());
            found++;
        }
        assertEquals(0, ring.unregisterFiles());
    }
}

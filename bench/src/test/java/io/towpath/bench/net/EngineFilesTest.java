package io.towpath.bench.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class EngineFilesTest {
    @Test
    void shouldNoticeAnEngineThatFellBack() {
        String line = "towpath: ports: read and write, as there is no io_uring for them: Operation not permitted";
        List<String> log = List.of("towpath: something", line);

        assertEquals(Optional.of(line), EngineFiles.fallback(Way.URING, log));
        assertEquals(Optional.empty(), EngineFiles.fallback(Way.RW, log));
        assertEquals(Optional.empty(), EngineFiles.fallback(Way.URING, List.of("towpath: ports: io_uring")));
    }
}

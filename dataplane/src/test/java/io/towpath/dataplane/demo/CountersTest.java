package io.towpath.dataplane.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CountersTest {
    @Test
    void shouldReadWhatTheCountersCommandPrints() throws IOException {
        Counters counters = Counters.parse("""
                {"counters":[
                 {"verdict":"forward","reason":"connection","packets":70,"bytes":9000},
                 {"verdict":"forward","reason":"new connection","packets":30,"bytes":1800},
                 {"verdict":"drop","reason":"malformed","packets":0,"bytes":0}], "more":{"later":[1.5,null,true]}}
                """);

        assertEquals(
                List.of(
                        new Counters.Line("forward", "connection", 70, 9000),
                        new Counters.Line("forward", "new connection", 30, 1800)),
                counters.lines());
        assertEquals(100, counters.packets("forward"));
        assertEquals(0, counters.packets("drop"));
    }

    @Test
    void shouldRefuseWhatIsNoObject() {
        assertThrows(IOException.class, () -> Counters.parse("no such instance"));
    }
}

package io.towpath.bench.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class WrkTest {
    private static final String OUTPUT = """
            Running 2s test @ http://10.96.1.0:8080/
              1 threads and 32 connections
              Thread Stats   Avg      Stdev     Max   +/- Stdev
                Latency     2.44ms    1.30ms  21.02ms   79.25%%
                Req/Sec    11.02k     0.98k   13.01k    70.00%%
              21941 requests in 2.00s, 1.49MB read
            %sRequests/sec:  10958.92
            Transfer/sec:    760.01KB
            """;

    @Test
    void shouldReadTheRate() throws Exception {
        assertEquals(10_958.92, Wrk.rate(OUTPUT.formatted("")));
    }

    @Test
    void shouldTakeClosedConnectionsForNoError() throws Exception {
        assertEquals(
                10_958.92, Wrk.rate(OUTPUT.formatted("  Socket errors: connect 0, read 21941, write 0, timeout 0\n")));
    }

    @Test
    void shouldRefuseARateWithLostConnections() {
        assertThrows(
                IOException.class,
                () -> Wrk.rate(OUTPUT.formatted("  Socket errors: connect 3, read 0, write 0, timeout 0\n")));
        assertThrows(
                IOException.class,
                () -> Wrk.rate(OUTPUT.formatted("  Socket errors: connect 0, read 0, write 0, timeout 7\n")));
    }

    @Test
    void shouldRefuseOutputWithoutARate() {
        assertThrows(IOException.class, () -> Wrk.rate("unable to connect"));
    }
}

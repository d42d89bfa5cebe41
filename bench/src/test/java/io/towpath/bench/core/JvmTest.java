package io.towpath.bench.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class JvmTest {
    @Test
    void shouldHaveOneCollectorAlone() {
        Jvm jvm = new Jvm(List.of("-XX:+UseSerialGC", "-XX:-UsePerfData"), "some.jar").with(Collector.EPSILON);

        assertEquals(
                List.of("-XX:-UsePerfData", "-XX:+UnlockExperimentalVMOptions", "-XX:+UseEpsilonGC"), jvm.options());
    }
}

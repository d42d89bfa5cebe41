package io.towpath.dataplane.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Plays every scenario that holds for kube-proxy's nftables mode, Towpath's default semantics. */
final class ConformanceTest {
    private static final List<String> FILES = List.of("/conformance/scenarios.json");

    @TestFactory
    Stream<DynamicTest> shouldTreatEveryFlowAsKubeProxyDoes(@TempDir Path folder) throws Exception {
        return scenarios().stream()
                .filter(Scenario::hasFlows)
                .map(scenario -> dynamicTest(scenario.id(), () -> check(FlowRun.problems(scenario, folder))));
    }

    private static List<Scenario> scenarios() throws Exception {
        List<Scenario> scenarios = new java.util.ArrayList<>();
        for (String file : FILES) {
            scenarios.addAll(Scenario.read(file));
        }
        return scenarios.stream()
                .filter(scenario -> scenario.modes().contains("nftables"))
                .toList();
    }

    private static void check(List<String> problems) {
        assertEquals(List.of(), problems, () -> String.join("\n", problems));
    }
}

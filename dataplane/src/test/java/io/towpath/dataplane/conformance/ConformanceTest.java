package io.towpath.dataplane.conformance;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Plays every scenario that holds for kube-proxy's nftables mode, Towpath's default semantics: one test for each. */
final class ConformanceTest {
    private static final List<String> FILES =
            List.of("scenarios", "services", "addresses", "endpoints", "masquerade", "affinity", "conntrack", "health");

    private interface Run {
        List<String> problems(Scenario scenario, Path folder) throws Exception;
    }

    @TestFactory
    Stream<DynamicTest> shouldTreatEveryFlowAsKubeProxyDoes(@TempDir Path folder) throws Exception {
        return tests(Scenario::hasFlows, FlowRun::problems, folder);
    }

    @TestFactory
    Stream<DynamicTest> shouldAnswerHealthChecksAndCountAsKubeProxyDoes(@TempDir Path folder) throws Exception {
        return tests(scenario -> scenario.hasCheck("health", "http", "metrics"), StateRun::problems, folder);
    }

    @TestFactory
    Stream<DynamicTest> shouldRemoveStaleConnectionsAsKubeProxyDoes(@TempDir Path folder) throws Exception {
        return tests(
                scenario -> scenario.hasCheck("conntrack", "conntrackCleanupRequired"), ConntrackRun::problems, folder);
    }

    private static Stream<DynamicTest> tests(Predicate<Scenario> wanted, Run run, Path folder) throws Exception {
        List<Scenario> scenarios = new ArrayList<>();
        for (String file : FILES) {
            scenarios.addAll(Scenario.read("/conformance/" + file + ".json"));
        }
        return scenarios.stream()
                .filter(scenario -> scenario.modes().contains("nftables"))
                .filter(wanted)
                .map(scenario -> dynamicTest(scenario.id(), () -> {
                    List<String> problems = run.problems(scenario, folder);
                    if (!problems.isEmpty()) {
                        fail(String.join("\n", problems));
                    }
                }));
    }
}

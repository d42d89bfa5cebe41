package io.towpath.dataplane.conformance;

import static org.junit.jupiter.api.Assertions.assertTrue;
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
        return tests(Scenario::hasFlows, FlowRun::problems, folder, 179);
    }

    @TestFactory
    Stream<DynamicTest> shouldAnswerHealthChecksAndCountAsKubeProxyDoes(@TempDir Path folder) throws Exception {
        return tests(scenario -> scenario.hasCheck("health", "http", "metrics"), StateRun::problems, folder, 29);
    }

    @TestFactory
    Stream<DynamicTest> shouldRemoveStaleConnectionsAsKubeProxyDoes(@TempDir Path folder) throws Exception {
        return tests(
                scenario -> scenario.hasCheck("conntrack", "conntrackCleanupRequired"),
                ConntrackRun::problems,
                folder,
                11);
    }

    /** @param least scenarios that are to be there: a renamed field or a lost file must not make the test pass with none */
    private static Stream<DynamicTest> tests(Predicate<Scenario> wanted, Run run, Path folder, int least)
            throws Exception {
        List<Scenario> scenarios = new ArrayList<>();
        for (String file : FILES) {
            Scenario.read("/conformance/" + file + ".json").stream()
                    .filter(scenario -> scenario.modes().contains("nftables"))
                    .filter(wanted)
                    .forEach(scenarios::add);
        }
        assertTrue(scenarios.size() >= least, scenarios.size() + " scenarios, there were " + least);
        return scenarios.stream()
                .map(scenario -> dynamicTest(scenario.id(), () -> {
                    List<String> problems = run.problems(scenario, folder);
                    if (!problems.isEmpty()) {
                        fail(String.join("\n", problems));
                    }
                }));
    }
}

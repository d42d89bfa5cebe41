package io.towpath.dataplane.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A runner that finds nothing wrong proves nothing: wrong expectations must fail. */
final class RunnerTest {
    private static final String SCENARIO = """
            [{"id": "one", "modes": ["nftables"], "node": {"name": "n", "ips": ["192.0.2.1"]},
              "config": {"clusterCIDR": "10.0.0.0/8", "healthzTimeoutSeconds": 10},
              "steps": [{"about": "step",
                "apply": [
                  {"kind": "Service", "metadata": {"name": "web", "namespace": "ns"},
                   "spec": {"type": "LoadBalancer", "clusterIP": "172.30.0.1", "externalTrafficPolicy": "Local",
                     "internalTrafficPolicy": "Local", "healthCheckNodePort": 9000,
                     "ports": [{"name": "p", "protocol": "UDP", "port": 80, "nodePort": 30080}]}},
                  {"kind": "EndpointSlice", "metadata": {"name": "web-1", "namespace": "ns",
                     "labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
                   "ports": [{"name": "p", "protocol": "UDP", "port": 8080}],
                   "endpoints": [{"addresses": ["10.0.0.1"], "nodeName": "n"},
                     {"addresses": ["10.0.0.2"], "nodeName": "n"}]}],
                "flows": [
                  {"id": "a", "proto": "UDP", "src": "10.0.0.9", "dst": "172.30.0.1", "dport": 80,
                   "expect": {"action": "dnat", "backends": ["10.0.0.1:8080", "10.0.0.2:8080"], "masquerade": false}},
                  {"proto": "UDP", "src": "10.0.0.9", "dst": "172.30.0.1", "dport": 80,
                   "expect": {"action": "dnat", "backends": ["10.0.0.1:8080", "10.0.0.2:8080"]}},
                  {"proto": "UDP", "src": "10.0.0.9", "dst": "172.30.0.1", "dport": 81,
                   "expect": {"action": "reject"}},
                  {"proto": "TCP", "src": "10.0.0.9", "dst": "203.0.113.1", "dport": 80,
                   "expect": {"action": "accept"}}],
                "health": [{"port": 9000, "expect": {"status": 200, "localEndpoints": 2, "weightHeader": "2"}}],
                "metrics": [{"name": "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
                  "labels": {"traffic_policy": "internal", "ip_family": "IPv4"}, "value": 0}],
                "events": [{"queued": "IPv4"}, {"advance": 11}],
                "http": [{"path": "/healthz", "expect": {"status": 503}}],
                "conntrackCleanupRequired": true,
                "conntrack": [{"proto": "UDP", "origDst": "172.30.0.1", "origDport": 80, "replySrc": "10.0.0.1",
                   "replySport": 8080, "expect": "kept"},
                  {"proto": "UDP", "origDst": "172.30.0.1", "origDport": 80, "replySrc": "10.0.0.3",
                   "replySport": 8080, "expect": "deleted"}]}]}]
            """;

    private static List<String> problems(String text, Path folder) throws Exception {
        Scenario scenario = Scenario.parse(text).getFirst();
        List<String> problems = new ArrayList<>(FlowRun.problems(scenario, folder));
        problems.addAll(StateRun.problems(scenario, folder));
        problems.addAll(ConntrackRun.problems(scenario, folder));
        return problems;
    }

    @Test
    void shouldFindNothingWrongWhereAllIsRight(@TempDir Path folder) throws Exception {
        assertEquals(List.of(), problems(SCENARIO, folder));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"masquerade\": false | \"masquerade\": true | masquerade was expected",
                "\"clusterCIDR\": \"10.0.0.0/8\" | \"clusterCIDR\": \"10.9.0.0/16\" | the source was to stay",
                "\"action\": \"reject\" | \"action\": \"drop\" | drop was expected, the reason is service-port-unknown",
                "\"action\": \"accept\" | \"action\": \"reject\" | reject was expected, the reason is routed",
                "[\"10.0.0.1:8080\", \"10.0.0.2:8080\"]} | [\"10.0.0.1:8080\"]} | allowed are [10.0.0.1 port 8080]",
                "[\"10.0.0.1:8080\", \"10.0.0.2:8080\"]} | [\"10.0.0.1:8080\", \"10.0.0.2:8080\", \"10.0.0.3:8080\"]} "
                        + "| choice is uneven",
                "\"status\": 200 | \"status\": 503 | status is 200, expected 503",
                "\"weightHeader\": \"2\" | \"weightHeader\": \"1\" | weightHeader is 2, expected 1",
                "\"port\": 9000 | \"port\": 9001 | 9001 is closed",
                "\"value\": 0 | \"value\": 1 | is 0, expected 1",
                "\"advance\": 11 | \"advance\": 9 | status is 200, expected 503",
                "\"conntrackCleanupRequired\": true | \"conntrackCleanupRequired\": false | stale connections were",
                "\"expect\": \"kept\" | \"expect\": \"deleted\" | was kept",
                "\"expect\": \"deleted\" | \"expect\": \"kept\" | was deleted",
            })
    void shouldFindAWrongExpectation(String right, String wrong, String problem, @TempDir Path folder)
            throws Exception {
        assertTrue(SCENARIO.contains(right), right);
        List<String> problems = problems(SCENARIO.replace(right, wrong), folder);

        assertFalse(problems.isEmpty());
        assertTrue(problems.stream().allMatch(line -> line.contains(problem)), problems::toString);
    }

    @Test
    void shouldFindAFlowThatLeavesTheBackendOfAnother(@TempDir Path folder) throws Exception {
        String other = SCENARIO.replace(
                "\"backends\": [\"10.0.0.1:8080\", \"10.0.0.2:8080\"]}",
                "\"backends\": [\"10.0.0.1:8080\", \"10.0.0.2:8080\"], \"sameBackendAs\": \"a\"}");
        assertTrue(problems(other, folder).getFirst().contains("the same as a was expected"));

        String again = SCENARIO.replace(
                "\"backends\": [\"10.0.0.1:8080\", \"10.0.0.2:8080\"]}",
                "\"backends\": [\"10.0.0.1:8080\", \"10.0.0.2:8080\"], \"notBackend\": \"a\"}");
        assertTrue(problems(again, folder).getFirst().contains("sent to the backend of a again"));
    }
}

package io.towpath.bench.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ManifestReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Services of a run in all three forms. */
final class ServicesTest {
    @TempDir
    Path folder;

    private List<ClusterObject> manifests(int services) throws Exception {
        ServiceManifests.write(folder, Way.RW, services);
        List<ClusterObject> objects = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                objects.addAll(ManifestReader.read(file));
            }
        }
        return objects;
    }

    @Test
    void shouldWriteManifestsInFilesOfAThousand() throws Exception {
        List<ClusterObject> objects = manifests(1_001);

        assertEquals(2 * 1_001, objects.size());
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(2, files.count());
        }
    }

    @Test
    void shouldGiveTheFirstServiceAllPorts() throws Exception {
        List<ClusterObject.Service> services = manifests(2).stream()
                .filter(ClusterObject.Service.class::isInstance)
                .map(ClusterObject.Service.class::cast)
                .toList();

        assertEquals(
                List.of(8080, 7001, 7002, 7004),
                services.get(0).ports().stream().map(ClusterObject.Port::port).toList());
        assertEquals(
                List.of(8080),
                services.get(1).ports().stream().map(ClusterObject.Port::port).toList());
    }

    @Test
    void shouldMapAddressesToChainsInNftables() {
        String script = NftRules.script(Way.NFTABLES, 2);

        assertTrue(script.contains("""
                chain endpoint-1-http {
                ip saddr 10.2.3.3 jump mark-for-masquerade
                meta l4proto tcp dnat to 10.2.3.3:8080
                }
                chain service-1-http {
                ip daddr 10.112.1.1 ip saddr != 10.2.0.0/16 jump mark-for-masquerade
                goto endpoint-1-http
                }
                """), script);
        assertTrue(script.contains("""
                elements = {
                10.112.1.0 . tcp . 8080 : goto service-0-http,
                10.112.1.0 . tcp . 7001 : goto service-0-echo,
                10.112.1.0 . tcp . 7002 : goto service-0-stream,
                10.112.1.0 . udp . 7004 : goto service-0-udp,
                10.112.1.1 . tcp . 8080 : goto service-1-http,
                }
                """), script);
    }

    @Test
    void shouldListAllServicesInOneChainInIptables() {
        String script = IptablesRules.script(Way.IPTABLES, 2);

        assertTrue(script.contains("""
                -A KUBE-SERVICES -d 10.128.1.1/32 -p tcp -m tcp --dport 8080 -m comment --comment "bench/s1:http cluster IP" -j KUBE-SVC-1-http
                -A KUBE-SVC-1-http ! -s 10.2.0.0/16 -d 10.128.1.1/32 -p tcp -m tcp --dport 8080 -j KUBE-MARK-MASQ
                -A KUBE-SVC-1-http -j KUBE-SEP-1-http
                -A KUBE-SEP-1-http -s 10.2.4.3/32 -j KUBE-MARK-MASQ
                -A KUBE-SEP-1-http -p tcp -m tcp -j DNAT --to-destination 10.2.4.3:8080
                """), script);
        assertEquals(
                5,
                script.lines()
                        .filter(line -> line.startsWith("-A KUBE-SERVICES "))
                        .count());
    }
}

package io.towpath.dataplane.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.engine.EngineConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The manifests agree with the API's types, with each other and with the program. */
final class DeployTest {
    @Test
    void shouldHoldOnlyFieldsThatTheApiKnows() throws Exception {
        List<Class<?>> kinds = new ArrayList<>();
        for (HasMetadata object : Deployed.OBJECTS) {
            kinds.add(object.getClass());
            assertEquals(Set.of(), KnownFields.unknown(object.getKind(), object));
        }

        assertEquals(
                List.of(
                        Namespace.class,
                        ServiceAccount.class,
                        ClusterRole.class,
                        ClusterRoleBinding.class,
                        DaemonSet.class),
                kinds);
    }

    @Test
    void shouldListEachOfItsFilesAndNoOther() throws Exception {
        Set<String> named = new TreeSet<>(List.of("kustomization.yaml"));
        Map<String, Object> kustomization = Deployed.kustomization();
        ((List<?>) kustomization.get("resources")).forEach(file -> named.add(file.toString()));
        for (Map<?, ?> generated : generated()) {
            for (String key : List.of("files", "envs")) {
                if (generated.get(key) instanceof List<?> files) {
                    files.forEach(file -> named.add(file.toString()));
                }
            }
        }

        try (Stream<Path> files = Files.list(Deployed.FOLDER)) {
            assertEquals(
                    files.map(file -> file.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new)),
                    named);
        }
    }

    @SuppressWarnings("unchecked")
    private static List<Map<?, ?>> generated() throws Exception {
        return (List<Map<?, ?>>) Deployed.kustomization().get("configMapGenerator");
    }

    @Test
    void shouldUseTheConfigMapsThatTheBaseMakes() throws Exception {
        Set<String> used = new TreeSet<>();
        used.add(Deployed.engine().getEnvFrom().getFirst().getConfigMapRef().getName());
        for (Container container : containers()) {
            for (VolumeMount mount : container.getVolumeMounts()) {
                if (Deployed.volume(mount).getConfigMap() != null) {
                    used.add(Deployed.volume(mount).getConfigMap().getName());
                }
            }
        }

        assertEquals(generated().stream().map(map -> map.get("name").toString()).collect(Collectors.toSet()), used);
    }

    private static List<Container> containers() throws Exception {
        return List.of(Deployed.engine(), Deployed.profileInstaller());
    }

    @Test
    void shouldHaveNoRightButNetAdmin() throws Exception {
        for (Container container : containers()) {
            SecurityContext context = container.getSecurityContext();
            assertEquals(List.of("ALL"), context.getCapabilities().getDrop());
            assertTrue(context.getReadOnlyRootFilesystem());
            assertFalse(context.getAllowPrivilegeEscalation());
        }
        assertEquals(
                List.of("NET_ADMIN"),
                Deployed.engine().getSecurityContext().getCapabilities().getAdd());
        assertEquals(
                List.of(),
                Deployed.profileInstaller()
                        .getSecurityContext()
                        .getCapabilities()
                        .getAdd());
        assertEquals(
                "towpath.json",
                Deployed.engine().getSecurityContext().getSeccompProfile().getLocalhostProfile());
        assertTrue(Deployed.pod().getHostNetwork());
        assertEquals(null, Deployed.pod().getHostPID());
        assertEquals("system-node-critical", Deployed.pod().getPriorityClassName());
    }

    @Test
    void shouldBindTheRoleToTheAccountOfThePod() throws Exception {
        ServiceAccount account = Deployed.only(ServiceAccount.class);
        ClusterRoleBinding binding = Deployed.only(ClusterRoleBinding.class);

        assertEquals(account.getMetadata().getName(), Deployed.pod().getServiceAccountName());
        assertEquals(
                account.getMetadata().getName(),
                binding.getSubjects().getFirst().getName());
        assertEquals(
                account.getMetadata().getNamespace(),
                binding.getSubjects().getFirst().getNamespace());
        assertEquals(
                Deployed.only(ClusterRole.class).getMetadata().getName(),
                binding.getRoleRef().getName());
        for (HasMetadata object : List.of(account, Deployed.only(DaemonSet.class))) {
            assertEquals(
                    Deployed.only(Namespace.class).getMetadata().getName(),
                    object.getMetadata().getNamespace());
        }
    }

    @Test
    void shouldConfigureANodeAndProbeItWhereItAnswers() throws Exception {
        EngineConfig config = EngineConfig.read(Deployed.FOLDER.resolve("towpath.yaml"));
        List<String> warnings = new ArrayList<>();
        ProxyConfig proxy = ProxyConfig.read(config.proxyConfig(), warnings);

        assertTrue(config.node() != null && config.persist());
        assertEquals(Deployed.FOLDER.resolve("kube-proxy.yaml"), config.proxyConfig());
        assertEquals(List.of(), warnings);
        int healthz = proxy.healthzBindAddress().orElseThrow().port();
        assertEquals(
                Map.of("healthz", healthz, "metrics", 10249),
                Deployed.engine().getPorts().stream()
                        .collect(Collectors.toMap(ContainerPort::getName, ContainerPort::getContainerPort)));
        for (Probe probe : List.of(
                Deployed.engine().getStartupProbe(),
                Deployed.engine().getLivenessProbe(),
                Deployed.engine().getReadinessProbe())) {
            assertEquals("healthz", probe.getHttpGet().getPort().getStrVal());
            assertTrue(Set.of("/healthz", "/livez").contains(probe.getHttpGet().getPath()));
        }
    }
}

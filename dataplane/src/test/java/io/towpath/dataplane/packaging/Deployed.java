package io.towpath.dataplane.packaging;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The kustomize base in {@code deploy/}. */
public final class Deployed {
    /** The base's folder. */
    public static final Path FOLDER = root().resolve("deploy");

    private static final KubernetesSerialization SERIALIZATION = new KubernetesSerialization();

    /** All objects that are listed as resources, in their order. */
    static final List<HasMetadata> OBJECTS = read();

    private Deployed() {}

    static Path root() {
        return Path.of(System.getProperty("user.dir")).toAbsolutePath().getParent();
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> kustomization() throws IOException {
        return (Map<String, Object>) new Load(LoadSettings.builder().build())
                .loadFromString(Files.readString(FOLDER.resolve("kustomization.yaml")));
    }

    private static List<HasMetadata> read() {
        try {
            List<HasMetadata> objects = new ArrayList<>();
            for (Object file : (List<?>) kustomization().get("resources")) {
                for (String document :
                        Files.readString(FOLDER.resolve(file.toString())).split("(?m)^---$")) {
                    objects.add(SERIALIZATION.unmarshal(document));
                }
            }
            return objects;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the only object of a kind. */
    public static <T extends HasMetadata> T only(Class<T> kind) {
        List<T> found =
                OBJECTS.stream().filter(kind::isInstance).map(kind::cast).toList();
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " of kind " + kind.getSimpleName());
        }
        return found.getFirst();
    }

    static PodSpec pod() {
        return only(DaemonSet.class).getSpec().getTemplate().getSpec();
    }

    /** Returns the engine's container. */
    public static Container engine() {
        return pod().getContainers().getFirst();
    }

    /** Returns the container that puts the seccomp profile onto the node. */
    public static Container profileInstaller() {
        return pod().getInitContainers().getFirst();
    }

    static Volume volume(VolumeMount mount) {
        return pod().getVolumes().stream()
                .filter(volume -> volume.getName().equals(mount.getName()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no volume " + mount.getName()));
    }

    /** Returns the host's path that a container has mounted somewhere. */
    public static String hostPath(Container container, Path mounted) {
        for (VolumeMount mount : container.getVolumeMounts()) {
            if (mount.getMountPath().equals(mounted.toString())) {
                return volume(mount).getHostPath().getPath();
            }
        }
        throw new AssertionError("nothing is mounted at " + mounted);
    }
}

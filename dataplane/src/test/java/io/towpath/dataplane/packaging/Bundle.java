package io.towpath.dataplane.packaging;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * A container of the DaemonSet as a kubelet and containerd hand it to runc: rights, mounts and environment are the manifest's. The test says
 * only what the cluster would.
 */
public final class Bundle {
    private static final List<String> CAPABILITY_SETS = List.of("bounding", "effective", "permitted");

    private final Container container;
    private final Image image;
    private final Map<String, Path> folders = new LinkedHashMap<>();
    private List<String> capabilities;
    private SeccompProfile seccomp = SeccompProfile.ours();
    private List<String> command;
    private Path networkNamespace;
    private long lockedMemoryBytes = 8L << 20; // systemd's default, which containers inherit

    private Bundle(Container container, Image image) {
        this.container = container;
        this.image = image;
        this.capabilities = container.getSecurityContext().getCapabilities().getAdd().stream()
                .map(name -> "CAP_" + name)
                .toList();
        this.command = new ArrayList<>(image.texts("Entrypoint"));
    }

    /** The engine's container. */
    public static Bundle engine(Image image) {
        return new Bundle(Deployed.engine(), image);
    }

    /** The container that puts the seccomp profile onto the node. */
    public static Bundle profileInstaller(Image image) {
        Bundle bundle = new Bundle(Deployed.profileInstaller(), image);
        bundle.command = new ArrayList<>(bundle.container.getCommand());
        bundle.command.addAll(bundle.container.getArgs());
        bundle.seccomp = bundle.seccomp.withoutIoUring();
        return bundle;
    }

    /** Has a folder stand for a volume of the pod. */
    public Bundle with(String volume, Path folder) {
        folders.put(volume, folder);
        return this;
    }

    public Bundle with(SeccompProfile profile) {
        seccomp = profile;
        return this;
    }

    public Bundle withoutCapabilities() {
        capabilities = List.of();
        return this;
    }

    public Bundle withLockedMemory(long bytes) {
        lockedMemoryBytes = bytes;
        return this;
    }

    public Bundle withArguments(List<String> arguments) {
        command.addAll(arguments);
        return this;
    }

    public Bundle inNetworkNamespace(Path namespace) {
        networkNamespace = namespace;
        return this;
    }

    /** Writes the bundle for runc. */
    public Path write(Path folder) throws IOException {
        SecurityContext context = container.getSecurityContext();
        Map<String, Object> rights = new LinkedHashMap<>();
        CAPABILITY_SETS.forEach(set -> rights.put(set, capabilities));
        Map<String, Object> process = new LinkedHashMap<>();
        process.put("user", Map.of("uid", context.getRunAsUser(), "gid", 0));
        process.put("args", command);
        process.put("cwd", "/");
        process.put("env", image.texts("Env"));
        process.put("capabilities", rights);
        process.put("noNewPrivileges", !context.getAllowPrivilegeEscalation());
        process.put(
                "rlimits",
                List.of(Map.of("type", "RLIMIT_MEMLOCK", "hard", lockedMemoryBytes, "soft", lockedMemoryBytes)));
        Map<String, Object> spec = new LinkedHashMap<>();
        spec.put("ociVersion", "1.0.2");
        spec.put("process", process);
        spec.put("root", Map.of("path", image.rootfs().toString(), "readonly", context.getReadOnlyRootFilesystem()));
        spec.put("mounts", mounts());
        spec.put("linux", linux());
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), JsonMapper.shared().writeValueAsString(spec));
        return folder;
    }

    /** What containerd sets for any container. */
    private Map<String, Object> linux() {
        List<Map<String, String>> namespaces = new ArrayList<>();
        for (String type : List.of("pid", "ipc", "mount")) {
            namespaces.add(Map.of("type", type));
        }
        if (networkNamespace != null) {
            namespaces.add(Map.of("type", "network", "path", networkNamespace.toString()));
        }
        Map<String, Object> linux = new LinkedHashMap<>();
        linux.put("namespaces", namespaces);
        linux.put("resources", Map.of("devices", List.of(Map.of("allow", false, "access", "rwm"))));
        linux.put("seccomp", seccomp.fields());
        linux.put("maskedPaths", List.of("/proc/kcore", "/proc/keys", "/proc/timer_list"));
        linux.put("readonlyPaths", List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"));
        return linux;
    }

    private List<Map<String, Object>> mounts() {
        List<Map<String, Object>> mounts = new ArrayList<>();
        mounts.add(mount("proc", "proc", "/proc", List.of()));
        mounts.add(mount("tmpfs", "tmpfs", "/dev", List.of("nosuid", "mode=755", "size=64m")));
        mounts.add(mount("sysfs", "sysfs", "/sys", List.of("nosuid", "noexec", "nodev", "ro")));
        for (VolumeMount mount : container.getVolumeMounts()) {
            Volume volume = Deployed.volume(mount);
            if (volume.getEmptyDir() != null) {
                mounts.add(mount("tmpfs", "tmpfs", mount.getMountPath(), List.of("nodev")));
                continue;
            }
            Path source = folders.get(volume.getName());
            String path =
                    source != null ? source.toString() : volume.getHostPath().getPath();
            String access = Boolean.TRUE.equals(mount.getReadOnly()) ? "ro" : "rw";
            mounts.add(mount("bind", path, mount.getMountPath(), List.of("rbind", access)));
        }
        return mounts;
    }

    private static Map<String, Object> mount(String type, String source, String at, List<String> options) {
        return Map.of("type", type, "source", source, "destination", at, "options", options);
    }
}

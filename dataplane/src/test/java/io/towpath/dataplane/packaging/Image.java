package io.towpath.dataplane.packaging;

import io.towpath.dataplane.demo.Programs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An OCI image, unpacked as a container runtime does it.
 *
 * @param rootfs its files
 * @param config section {@code config} of its configuration
 */
public record Image(Path rootfs, JsonNode config) {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    /** Exit code of the launcher where a program or a server that it needs is not there. */
    private static final int NOT_HERE = 3;

    /** Has the launcher make the image; skips the test, aloud, where it finds no packages for a base. */
    public static void build(Path output) throws Exception {
        Programs.Result result = Programs.run(
                LIMIT, List.of(Deployed.root().resolve("towpath").toString(), "image", "--output", output.toString()));
        if (result.exitCode() == NOT_HERE) {
            System.err.println("skipped, no image can be made here: " + result.errors());
            Assumptions.abort(result.errors());
        }
        if (!result.isOk()) {
            throw new AssertionError(result.errors());
        }
    }

    /** Unpacks an image into a folder. */
    public static Image unpack(Path tar, Path folder) throws Exception {
        Path layout = Files.createDirectories(folder.resolve("layout"));
        Path rootfs = Files.createDirectories(folder.resolve("rootfs"));
        Programs.require("tar", "-C", layout.toString(), "-xf", tar.toString());
        JsonNode index = JsonMapper.shared().readTree(layout.resolve("index.json"));
        JsonNode manifest = blob(layout, index.path("manifests").get(0));
        List<Path> layers = new ArrayList<>();
        manifest.path("layers").forEach(layer -> layers.add(path(layout, layer)));
        for (Path layer : layers) {
            Programs.require(
                    "tar",
                    "--warning=no-unknown-keyword",
                    "-C",
                    rootfs.toString(),
                    "--numeric-owner",
                    "-xzf",
                    layer.toString());
        }
        return new Image(rootfs, blob(layout, manifest.path("config")).path("config"));
    }

    private static JsonNode blob(Path layout, JsonNode descriptor) {
        return JsonMapper.shared().readTree(path(layout, descriptor));
    }

    private static Path path(Path layout, JsonNode descriptor) {
        String digest = descriptor.path("digest").asString();
        return layout.resolve("blobs").resolve(digest.replace(':', '/'));
    }

    List<String> texts(String field) {
        List<String> texts = new ArrayList<>();
        config.path(field).forEach(text -> texts.add(text.asString()));
        return texts;
    }
}

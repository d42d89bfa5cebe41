package io.towpath.dataplane.check;

import io.towpath.dataplane.model.Field;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.model.YamlFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What {@code case.yaml} of a folder says.
 *
 * @param shows requirement or behavior that the case stands for
 * @param config router mode's configuration, null in node mode
 * @param proxyConfig KubeProxyConfiguration, null where there is none
 * @param exactFrames false where only the counters are given, as the frames have something random
 */
public record CaseFolder(
        Path folder,
        String title,
        String shows,
        String nodeName,
        Path config,
        Path proxyConfig,
        int seed,
        List<Step> steps,
        boolean exactFrames) {
    static final String CASE = "case.yaml";
    static final String EXPECTED_FRAMES = "expected.pcapng";
    static final String EXPECTED_COUNTERS = "counters.yaml";

    private static final Set<String> KNOWN =
            Set.of("title", "shows", "mode", "config", "proxyConfig", "node", "seed", "steps", "frames");

    /** Objects, then the capture that is played with them. */
    public record Step(Path objects, Path capture) {}

    /**
     * Finds the case folders in a folder: itself, or all below it, in the order of their names.
     *
     * @throws ManifestException if there is none
     */
    public static List<Path> find(Path tree) throws IOException, ManifestException {
        if (!Files.isDirectory(tree)) {
            throw new ManifestException(List.of(tree + ": no such folder"));
        }
        try (Stream<Path> files = Files.walk(tree)) {
            List<Path> found = files.filter(file -> file.endsWith(CASE))
                    .map(Path::getParent)
                    .sorted()
                    .toList();
            if (found.isEmpty()) {
                throw new ManifestException(List.of(tree + ": no " + CASE + " in here"));
            }
            return found;
        }
    }

    /** @throws ManifestException with every problem of {@code case.yaml}, and every file that it names and that is not there */
    public static CaseFolder read(Path folder) throws ManifestException {
        Path file = folder.resolve(CASE);
        YamlFile yaml = YamlFile.read(file);
        if (yaml.documents().isEmpty()) {
            throw new ManifestException(List.of(file + ": is empty; at least a title is needed"));
        }
        Field root = yaml.documents().getFirst().named("case");
        for (String name : root.names()) {
            if (!KNOWN.contains(name)) {
                root.get(name)
                        .problem("no such field; known are "
                                + String.join(", ", KNOWN.stream().sorted().toList()));
            }
        }
        boolean router = oneOf(root.get("mode"), "node", "router").equals("router");
        Path config = router ? file(folder, root.get("config"), "config.yaml") : null;
        Path proxyConfig = root.get("proxyConfig").isPresent() ? file(folder, root.get("proxyConfig"), "") : null;
        CaseFolder read = new CaseFolder(
                folder,
                root.get("title").requiredText(),
                root.get("shows").text(""),
                root.get("node").text("node"),
                config,
                proxyConfig,
                root.get("seed").number(Integer.MIN_VALUE, Integer.MAX_VALUE, 1),
                steps(folder, root.get("steps")),
                oneOf(root.get("frames"), "exact", "any").equals("exact"));
        yaml.check();
        return read;
    }

    private static List<Step> steps(Path folder, Field list) {
        if (!list.isPresent()) {
            return List.of(step(folder, list, list));
        }
        List<Step> steps = new ArrayList<>();
        for (Field step : list.elements()) {
            steps.add(step(folder, step.get("objects"), step.get("capture")));
        }
        return steps;
    }

    private static Step step(Path folder, Field objects, Field capture) {
        return new Step(file(folder, objects, "objects.yaml"), file(folder, capture, "input.pcapng"));
    }

    private static String oneOf(Field field, String usual, String other) {
        String text = field.text(usual);
        if (!text.equals(usual) && !text.equals(other)) {
            field.problem(usual + " or " + other);
        }
        return text;
    }

    private static Path file(Path folder, Field field, String usual) {
        Path file = folder.resolve(field.text(usual));
        if (!Files.isRegularFile(file)) {
            field.problem("a file that is there (" + file.getFileName() + " is not)");
        }
        return file;
    }

    Path expectedFrames() {
        return folder.resolve(EXPECTED_FRAMES);
    }

    Path expectedCounters() {
        return folder.resolve(EXPECTED_COUNTERS);
    }
}

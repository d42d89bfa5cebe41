package io.towpath.dataplane.model;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/** The documents of a YAML 1.2 file; JSON is a subset of it. */
public final class YamlFile {
    /** Characters of one file at most: a list of 250,000 endpoints is far below. */
    private static final int SIZE_LIMIT = 128 << 20;

    private static final int DEPTH_LIMIT = 60;

    private final Field.Document document;
    private final List<Field> roots = new ArrayList<>();

    private YamlFile(Field.Document document) {
        this.document = document;
    }

    /** @throws ManifestException if the file cannot be read or is no YAML */
    public static YamlFile read(Path file) throws ManifestException {
        try {
            return parse(file.toString(), Files.readString(file));
        } catch (MalformedInputException e) {
            throw new ManifestException(List.of(file + ":1: no UTF-8 text"));
        } catch (IOException e) {
            throw new ManifestException(List.of(file + ":1: cannot be read: " + IoFailure.reason(e)));
        }
    }

    /**
     * Reads a text.
     *
     * @param file what messages call the text's origin
     * @throws ManifestException if it is no YAML
     */
    public static YamlFile parse(String file, String text) throws ManifestException {
        YamlFile read = new YamlFile(new Field.Document(file));
        LoadSettings settings = LoadSettings.builder()
                .setLabel(file)
                .setCodePointLimit(SIZE_LIMIT)
                .setMaxAliasesForCollections(50)
                .setAllowDuplicateKeys(false)
                .build();
        try {
            for (Node node : new Compose(settings).composeAllFromString(text)) {
                read.checkDepth(node, 0);
                read.roots.add(new Field(read.document, node, 1, ""));
            }
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(m -> m.getLine() + 1).orElse(1);
            read.document.problem(line, "no YAML: " + e.getProblem());
        } catch (YamlEngineException e) {
            read.document.problem(1, "cannot be read: " + e.getMessage());
        } catch (StackOverflowError e) {
            read.document.problem(1, "nested too deeply");
        }
        read.check();
        return read;
    }

    private void checkDepth(Node node, int depth) {
        if (depth > DEPTH_LIMIT) {
            throw new YamlEngineException("nested deeper than " + DEPTH_LIMIT + " levels, or an alias of itself");
        }
        switch (node) {
            case org.snakeyaml.engine.v2.nodes.SequenceNode list ->
                list.getValue().forEach(element -> checkDepth(element, depth + 1));
            case org.snakeyaml.engine.v2.nodes.MappingNode mapping ->
                mapping.getValue().forEach(tuple -> checkDepth(tuple.getValueNode(), depth + 1));
            default -> {}
        }
    }

    /** Returns the root of each document. */
    public List<Field> documents() {
        return roots;
    }

    /** @throws ManifestException with all problems found so far, if any */
    public void check() throws ManifestException {
        if (!document.problems.isEmpty()) {
            throw new ManifestException(document.problems);
        }
    }
}

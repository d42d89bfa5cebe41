package io.towpath.dataplane.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.nodes.CollectionNode;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A place in a YAML or JSON document that knows its line and path, so that whoever reads it can say exactly what is wrong. An absent field
 * is a Field too; reading it gives the default.
 */
public final class Field {
    private final Document document;
    private final Node node;
    private final int line;
    private final String path;

    /** Collects the problems of one file. */
    static final class Document {
        /** More problems than this help nobody. */
        private static final int PROBLEMS_LIMIT = 20;

        final String file;
        final List<String> problems = new ArrayList<>();

        Document(String file) {
            this.file = file;
        }

        void problem(int line, String text) {
            if (problems.size() < PROBLEMS_LIMIT) {
                problems.add(file + ":" + line + ": " + text);
            }
        }
    }

    Field(Document document, Node node, int line, String path) {
        this.document = document;
        this.node = isNull(node) ? null : node;
        this.line = node == null
                ? line
                : node.getStartMark().map(m -> m.getLine() + 1).orElse(line);
        this.path = path;
    }

    private static boolean isNull(Node node) {
        return node == null || node.getTag().equals(Tag.NULL);
    }

    /** Returns this field under another name in messages. */
    public Field named(String name) {
        return new Field(document, node, line, name);
    }

    public boolean isPresent() {
        return node != null;
    }

    /** Reports a problem here. */
    public void problem(String expected) {
        document.problem(line, path + ": " + expected + " was expected, found " + found());
    }

    /** Returns a line that says where this is, what is there, and the text about it. */
    public String remark(String text) {
        return document.file + ":" + line + ": " + path + ": " + found() + " " + text;
    }

    private String found() {
        return node instanceof ScalarNode scalar ? "\"" + abbreviate(scalar.getValue()) + "\"" : kind();
    }

    /** Returns whether there is nothing: no value, or an empty one. */
    public boolean isEmpty() {
        return switch (node) {
            case null -> true;
            case ScalarNode scalar -> scalar.getValue().isEmpty();
            case CollectionNode<?> collection -> collection.getValue().isEmpty();
            default -> false;
        };
    }

    /** Returns whether this is a text, number or truth value. */
    public boolean isScalar() {
        return node instanceof ScalarNode;
    }

    private String kind() {
        return switch (node) {
            case null -> "nothing";
            case MappingNode ignored -> "a mapping";
            case SequenceNode ignored -> "a list";
            default -> "something else";
        };
    }

    private static String abbreviate(String text) {
        return text.length() <= 60 ? text : text.substring(0, 57) + "...";
    }

    /** Returns a field of this mapping. */
    public Field get(String name) {
        String at = path.endsWith(": ") ? path + name : path + "." + name;
        if (node == null) {
            return new Field(document, null, line, at);
        }
        if (!(node instanceof MappingNode mapping)) {
            problem("a mapping");
            return new Field(document, null, line, at);
        }
        for (NodeTuple tuple : mapping.getValue()) {
            if (tuple.getKeyNode() instanceof ScalarNode key && key.getValue().equals(name)) {
                return new Field(document, tuple.getValueNode(), line, at);
            }
        }
        return new Field(document, null, line, at);
    }

    /** Returns the names of this mapping's fields. */
    public List<String> names() {
        if (!(node instanceof MappingNode mapping)) {
            return List.of();
        }
        return mapping.getValue().stream()
                .map(NodeTuple::getKeyNode)
                .filter(ScalarNode.class::isInstance)
                .map(key -> ((ScalarNode) key).getValue())
                .toList();
    }

    /** Reports each field of this mapping that is none of the known ones. */
    public void expectOnly(Set<String> known) {
        for (String name : names()) {
            if (!known.contains(name)) {
                Field unknown = get(name);
                String all = String.join(", ", known.stream().sorted().toList());
                document.problem(unknown.line, unknown.path + ": no such field; known are " + all);
            }
        }
    }

    /** Returns the elements of this list. */
    public List<Field> elements() {
        if (node == null) {
            return List.of();
        }
        if (!(node instanceof SequenceNode sequence)) {
            problem("a list");
            return List.of();
        }
        List<Field> elements = new ArrayList<>(sequence.getValue().size());
        for (Node element : sequence.getValue()) {
            elements.add(new Field(document, element, line, path + "[" + elements.size() + "]"));
        }
        return elements;
    }

    public String text(String defaultText) {
        if (node == null) {
            return defaultText;
        }
        if (node instanceof ScalarNode scalar) {
            return scalar.getValue();
        }
        problem("a text");
        return defaultText;
    }

    /** Returns a text that must be there. */
    public String requiredText() {
        String text = text("");
        if (text.isEmpty()) {
            problem("a text");
        }
        return text;
    }

    public List<String> texts() {
        return elements().stream()
                .map(e -> e.text(""))
                .filter(t -> !t.isEmpty())
                .toList();
    }

    /** Returns a mapping of texts. */
    public Map<String, String> textMap() {
        Map<String, String> map = new LinkedHashMap<>();
        for (String name : names()) {
            map.put(name, get(name).text(""));
        }
        return Map.copyOf(map);
    }

    public int number(int min, int max, int defaultNumber) {
        return number(min, max, defaultNumber, "a number " + min + ".." + max);
    }

    /** Returns a number, whatever its range. */
    public int number(int defaultNumber) {
        return number(Integer.MIN_VALUE, Integer.MAX_VALUE, defaultNumber, "a number");
    }

    private int number(int min, int max, int defaultNumber, String expected) {
        if (node == null) {
            return defaultNumber;
        }
        try {
            if (node instanceof ScalarNode scalar) {
                int number = Integer.parseInt(scalar.getValue());
                if (number >= min && number <= max) {
                    return number;
                }
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        problem(expected);
        return defaultNumber;
    }

    public boolean truth(boolean defaultTruth) {
        if (node == null) {
            return defaultTruth;
        }
        String text = text("");
        if (!text.equals("true") && !text.equals("false")) {
            problem("true or false");
            return defaultTruth;
        }
        return text.equals("true");
    }

    /** Returns what a parser makes of the text; what it refuses is reported as not being {@code expected}. */
    public <T> T parsed(java.util.function.Function<String, T> parser, String expected) {
        try {
            return node == null ? null : parser.apply(text(""));
        } catch (IllegalArgumentException e) {
            problem(expected);
            return null;
        }
    }
}

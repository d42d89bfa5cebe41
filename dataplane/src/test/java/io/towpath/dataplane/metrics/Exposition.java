package io.towpath.dataplane.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads Prometheus' text format 0.0.4 and lets nothing pass that a strict parser would not: each family is announced by HELP and TYPE and in
 * one piece, no series comes twice, counters are whole and end in _total, buckets grow up to +Inf, which is the count.
 */
public final class Exposition {
    private static final Pattern SAMPLE = Pattern.compile("([a-z_][a-z0-9_]*)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL =
            Pattern.compile("([a-z_][a-z0-9_]*)=\"((?:[^\"\\\\\n]|\\\\[\\\\n\"])*)\"(?:,|$)");

    private final Map<String, Family> families = new LinkedHashMap<>();

    /** A metric. */
    static final class Family {
        final String help;
        String type;
        /** Values by the sample's name and labels, the bound of a bucket included. */
        final Map<String, Double> samples = new LinkedHashMap<>();

        final Set<String> labelNames = new TreeSet<>();

        Family(String help) {
            this.help = help;
        }
    }

    private Exposition() {}

    public static Exposition parse(String text) {
        assertTrue(text.endsWith("\n"), "the last line has no end");
        Exposition exposition = new Exposition();
        String current = "";
        for (String line : text.split("\n")) {
            String[] words = line.split(" ", 4);
            if (line.startsWith("# HELP ")) {
                current = words[2];
                assertNull(exposition.families.put(current, new Family(words[3])), line);
            } else if (line.startsWith("# TYPE ")) {
                assertEquals(current, words[2], line);
                assertTrue(Set.of("counter", "gauge", "histogram").contains(words[3]), line);
                exposition.families.get(current).type = words[3];
            } else {
                exposition.sample(current, line);
            }
        }
        exposition.families.forEach((name, family) -> {
            assertNotNull(family.type, name);
            if (family.type.equals("histogram")) {
                checkBuckets(name, family);
            }
        });
        return exposition;
    }

    private void sample(String current, String line) {
        Matcher sample = SAMPLE.matcher(line);
        assertTrue(sample.matches(), line);
        Family family = families.get(current);
        String suffix = sample.group(1).substring(current.length());
        assertTrue(sample.group(1).startsWith(current), line);
        assertTrue(
                suffix.isEmpty()
                        || family.type.equals("histogram")
                                && Set.of("_bucket", "_count", "_sum").contains(suffix),
                line);
        Map<String, String> labels = labels(sample.group(2) == null ? "" : sample.group(2), line);
        labels.keySet().stream().filter(name -> !name.equals("le")).forEach(family.labelNames::add);
        double value = Double.parseDouble(sample.group(3).replace("+Inf", "Infinity"));
        if (family.type.equals("counter")) {
            assertTrue(current.endsWith("_total") && value >= 0, line);
        }
        assertNull(family.samples.put(sample.group(1) + labels, value), line);
    }

    private static Map<String, String> labels(String text, String line) {
        Map<String, String> labels = new TreeMap<>();
        Matcher label = LABEL.matcher(text);
        int end = 0;
        while (label.find() && label.start() == end) {
            assertNull(labels.put(label.group(1), label.group(2)), line);
            end = label.end();
        }
        assertEquals(text.length(), end, line);
        return labels;
    }

    private static void checkBuckets(String name, Family family) {
        double before = 0;
        double bound = -1;
        for (Map.Entry<String, Double> sample : family.samples.entrySet()) {
            Matcher le = Pattern.compile("le=([^,}]+)").matcher(sample.getKey());
            if (!le.find()) {
                continue;
            }
            double next = Double.parseDouble(le.group(1).replace("+Inf", "Infinity"));
            assertTrue(next > bound && sample.getValue() >= before, sample.getKey());
            bound = next == Double.POSITIVE_INFINITY ? -1 : next;
            before = bound == -1 ? 0 : sample.getValue();
            if (bound == -1) {
                String count = sample.getKey().replace("_bucket{", "_count{").replaceAll("(, )?le=\\+Inf", "");
                assertEquals(sample.getValue(), family.samples.get(count), name);
            }
        }
    }

    /** Returns name, type and label names of each family, a line each, in their order. */
    String summary() {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(families).forEach((name, family) -> text.append(name)
                .append(' ')
                .append(family.type)
                .append(' ')
                .append(String.join(",", family.labelNames))
                .append('\n'));
        return text.toString();
    }

    /** Returns the samples of a family; one without any is not written. */
    Map<String, Double> samples(String family) {
        return families.containsKey(family) ? families.get(family).samples : Map.of();
    }

    /**
     * Returns one sample.
     *
     * @param labels as {@code NAME=VALUE, ...} in the order of names; empty for none
     */
    public double value(String name, String labels) {
        for (Family family : families.values()) {
            Double value = family.samples.get(name + "{" + labels + "}");
            if (value != null) {
                return value;
            }
        }
        throw new AssertionError("no " + name + "{" + labels + "}");
    }
}

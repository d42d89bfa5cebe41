package io.towpath.dataplane.model;

import java.util.List;

/** A manifest cannot be used; each problem names file, line, object, field and what was expected. */
public final class ManifestException extends Exception {
    private static final long serialVersionUID = 1L;

    private final List<String> problems;

    public ManifestException(List<String> problems) {
        super(String.join(System.lineSeparator(), problems));
        this.problems = List.copyOf(problems);
    }

    public List<String> problems() {
        return problems;
    }
}

package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;
import java.util.LinkedHashSet;
import java.util.Set;

/** Collects what is wrong with one Service: each line names it and the field. */
final class ServiceWarnings {
    private final ClusterObject.Key service;
    private final Set<String> lines = new LinkedHashSet<>();

    ServiceWarnings(ClusterObject.Key service) {
        this.service = service;
    }

    void add(String field, String what) {
        lines.add(service + ": " + field + ": " + what);
    }

    Set<String> lines() {
        return lines;
    }
}

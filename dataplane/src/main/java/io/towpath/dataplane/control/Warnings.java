package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is wrong with each object now; each thing is said once as long as it lasts. */
final class Warnings {
    private final Map<ClusterObject.Key, Set<String>> known = new HashMap<>();
    private final List<ObjectWarning> unsaid = new ArrayList<>();

    /** Replaces all that is wrong with an object. */
    void replace(ClusterObject.Key object, Collection<String> now) {
        Set<String> before = now.isEmpty() ? known.remove(object) : known.put(object, new LinkedHashSet<>(now));
        for (String warning : now.isEmpty() ? now : known.get(object)) {
            if (before == null || !before.contains(warning)) {
                unsaid.add(new ObjectWarning(object, ObjectWarning.MISCONFIGURED, warning));
            }
        }
    }

    /** Returns what is new since the last call. */
    List<ObjectWarning> take() {
        List<ObjectWarning> taken = List.copyOf(unsaid);
        unsaid.clear();
        return taken;
    }
}

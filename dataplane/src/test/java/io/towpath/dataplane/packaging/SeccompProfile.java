package io.towpath.dataplane.packaging;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;

/**
 * A seccomp profile as the OCI runtime specification has it.
 *
 * @param fields of the JSON file
 */
public record SeccompProfile(Map<String, Object> fields) {
    static final Set<String> IO_URING = Set.of("io_uring_enter", "io_uring_register", "io_uring_setup");

    /** Returns the one that is shipped. */
    @SuppressWarnings("unchecked")
    public static SeccompProfile ours() {
        return new SeccompProfile(
                JsonMapper.shared().readValue(Deployed.FOLDER.resolve("seccomp.json"), LinkedHashMap.class));
    }

    /** Returns the same without io_uring, as container runtimes have it by default. */
    public SeccompProfile withoutIoUring() {
        List<Map<String, Object>> fewer = new ArrayList<>();
        for (Map<String, Object> rule : rules()) {
            List<String> names = new ArrayList<>(names(rule));
            names.removeAll(IO_URING);
            if (!names.isEmpty()) {
                Map<String, Object> changed = new LinkedHashMap<>(rule);
                changed.put("names", names);
                fewer.add(changed);
            }
        }
        Map<String, Object> changed = new LinkedHashMap<>(fields);
        changed.put("syscalls", fewer);
        return new SeccompProfile(changed);
    }

    @SuppressWarnings("unchecked")
    List<Map<String, Object>> rules() {
        return (List<Map<String, Object>>) fields.get("syscalls");
    }

    @SuppressWarnings("unchecked")
    static List<String> names(Map<String, Object> rule) {
        return (List<String>) rule.get("names");
    }

    /** Returns the calls that are allowed, with whatever arguments. */
    Set<String> allowed() {
        Set<String> allowed = new HashSet<>();
        rules().forEach(rule -> allowed.addAll(names(rule)));
        return allowed;
    }

    /** Returns the conditions of a call; each of them is enough. */
    @SuppressWarnings("unchecked")
    List<Map<String, Object>> argumentsOf(String name) {
        List<Map<String, Object>> arguments = new ArrayList<>();
        for (Map<String, Object> rule : rules()) {
            if (names(rule).contains(name)) {
                arguments.addAll((List<Map<String, Object>>) rule.get("args"));
            }
        }
        return arguments;
    }
}

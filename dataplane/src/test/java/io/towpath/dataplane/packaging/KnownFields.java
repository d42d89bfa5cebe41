package io.towpath.dataplane.packaging;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Looks for fields that the client library's classes do not know, at any depth. */
final class KnownFields {
    private static final String MODEL = "io.fabric8.kubernetes.api.model";

    private KnownFields() {}

    /** Returns the paths of unknown fields. */
    static Set<String> unknown(String path, Object object) throws ReflectiveOperationException {
        Set<String> unknown = new TreeSet<>();
        if (object instanceof List<?> list) {
            for (Object element : list) {
                unknown.addAll(unknown(path, element));
            }
        } else if (object != null && object.getClass().getPackageName().startsWith(MODEL)) {
            for (Method getter : object.getClass().getMethods()) {
                String name = getter.getName();
                if (name.equals("getAdditionalProperties")) {
                    ((Map<?, ?>) getter.invoke(object)).keySet().forEach(key -> unknown.add(path + "." + key));
                } else if (name.startsWith("get") && getter.getParameterCount() == 0) {
                    unknown.addAll(unknown(path + "." + name.substring(3), getter.invoke(object)));
                }
            }
        }
        return unknown;
    }
}

package io.towpath.dataplane.events;

import io.towpath.dataplane.control.ObjectWarning;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What was said lately: saying it again makes a series of it instead of another Event. One thread. */
final class SaidEvents {
    /** Said again after this long it is a new Event (client-go's finishTime). */
    static final long SERIES_NS = TimeUnit.MINUTES.toNanos(6);

    static final int LIMIT = 1000;

    private final Map<ObjectWarning, Said> said = new LinkedHashMap<>();

    private record Said(int count, long lastNs) {}

    /** Returns how often this was said in a row, this time included. */
    int say(ObjectWarning warning, long nowNs) {
        Said before = said.remove(warning);
        int count = before == null || nowNs - before.lastNs() > SERIES_NS ? 1 : before.count() + 1;
        said.put(warning, new Said(count, nowNs));
        if (said.size() > LIMIT) {
            said.remove(said.keySet().iterator().next());
        }
        return count;
    }

    /** The series does not go on: the next one is a new Event. */
    void forget(ObjectWarning warning) {
        said.remove(warning);
    }
}

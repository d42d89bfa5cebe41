package io.towpath.dataplane.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a case gives.
 *
 * @param frames in the order they were sent
 * @param counters packets by reason
 */
public record Outcome(List<SentFrame> frames, Map<String, Long> counters) {
    /** Returns how another outcome differs from this expected one, a line for the frames and one for each counter. */
    List<String> differences(Outcome actual, boolean exactFrames) {
        List<String> differences = new ArrayList<>();
        if (exactFrames) {
            compareFrames(actual.frames, differences);
        }
        Map<String, Long> all = new TreeMap<>(counters);
        actual.counters.forEach(all::putIfAbsent);
        for (String reason : all.keySet()) {
            long expected = counters.getOrDefault(reason, 0L);
            long got = actual.counters.getOrDefault(reason, 0L);
            if (expected != got) {
                differences.add("counter %s: expected %d, got %d".formatted(reason, expected, got));
            }
        }
        return differences;
    }

    /** Reports the first frame that differs. */
    private void compareFrames(List<SentFrame> actual, List<String> differences) {
        int common = Math.min(frames.size(), actual.size());
        for (int i = 0; i < common; i++) {
            String difference = FrameDifference.between(frames.get(i), actual.get(i));
            if (difference != null) {
                differences.add("frame %d of %d: %s (expected %s, got %s)"
                        .formatted(
                                i + 1,
                                frames.size(),
                                difference,
                                frames.get(i).text(),
                                actual.get(i).text()));
                return;
            }
        }
        if (frames.size() > common) {
            differences.add("frame %d of %d was not sent: %s"
                    .formatted(common + 1, frames.size(), frames.get(common).text()));
        } else if (actual.size() > common) {
            differences.add("frame %d of %d was not expected: %s"
                    .formatted(common + 1, actual.size(), actual.get(common).text()));
        }
    }
}

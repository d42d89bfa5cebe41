package io.towpath.dataplane.check;

import java.util.List;

/**
 * What became of a case.
 *
 * @param name of the case in the list at hand
 * @param differences what is not as expected, a line each; none if the case passed
 */
public record CaseResult(String name, String title, List<String> differences) {
    public boolean passed() {
        return differences.isEmpty();
    }
}

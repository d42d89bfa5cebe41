package io.towpath.dataplane.lab;

/**
 * What a path came to.
 *
 * @param way family and protocol
 * @param saw what the backend saw, or what went wrong
 * @param isJudged false where nothing is promised
 */
record LabResult(String path, String way, String expected, String saw, boolean isJudged) {
    boolean isGood() {
        return expected.equals(saw);
    }

    boolean isFailure() {
        return isJudged && !isGood();
    }

    static LabResult of(String path, String way, boolean isGood, String saw) {
        return new LabResult(path, way, isGood ? saw : "", saw, true);
    }
}

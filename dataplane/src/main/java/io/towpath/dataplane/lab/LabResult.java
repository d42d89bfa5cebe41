package io.towpath.dataplane.lab;

/**
 * What a path came to.
 *
 * @param way family and protocol
 * @param saw who answered and the address that it saw, or what went wrong
 * @param mayDiffer another address of the node may show: the kernel masquerades with that of the interface a packet leaves by
 */
record LabResult(String path, String way, String expected, String saw, boolean mayDiffer) {
    boolean isGood() {
        return expected.equals(saw);
    }

    boolean isFailure() {
        return !isGood() && !(mayDiffer && backend(saw).equals(backend(expected)));
    }

    private static String backend(String text) {
        return text.split(" ", 2)[0];
    }

    static LabResult of(String path, String way, boolean isGood, String saw) {
        return new LabResult(path, way, isGood ? saw : "", saw, false);
    }
}

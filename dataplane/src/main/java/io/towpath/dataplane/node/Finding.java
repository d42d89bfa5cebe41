package io.towpath.dataplane.node;

/**
 * One line of {@code towpath node check}.
 *
 * @param item what was looked at
 * @param detail what is wrong, and what to do where {@code --repair} does not; empty where all is well
 */
public record Finding(String item, State state, String detail) {
    public enum State {
        OK,
        /** Not as node mode needs it; {@code --repair} mends it unless the detail says otherwise. */
        MISSING,
        /** Of somebody else, and in the way; left alone. */
        FOREIGN
    }

    static Finding of(String item, boolean isOk, String detail) {
        return new Finding(item, isOk ? State.OK : State.MISSING, isOk ? "" : detail);
    }

    static Finding foreign(String item, String detail) {
        return new Finding(item, State.FOREIGN, detail);
    }
}

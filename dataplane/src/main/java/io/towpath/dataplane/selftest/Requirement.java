package io.towpath.dataplane.selftest;

import java.util.List;

/**
 * A requirement of an RFC, and the cases that show what the engine makes of it.
 *
 * @param id such as {@code RFC 4787 REQ-1}
 * @param text what it asks for, in our words
 * @param why reason for not meeting it on purpose, or a remark on how it is met; may be empty
 * @param cases names of bundled cases that must pass; of what is by design not, they show what is done instead
 * @param judge of the frames of the first case, null where its expected frames say all
 */
public record Requirement(String id, String text, Kind kind, String why, List<String> cases, FrameJudge judge) {
    /** What is claimed. */
    public enum Kind {
        MET,
        BY_DESIGN_NOT
    }

    static Requirement met(String id, String text, String... cases) {
        return new Requirement(id, text, Kind.MET, "", List.of(cases), null);
    }

    static Requirement byDesignNot(String id, String text, String why, String... cases) {
        return new Requirement(id, text, Kind.BY_DESIGN_NOT, why, List.of(cases), null);
    }

    /** Returns the same with a remark. */
    Requirement because(String remark) {
        return new Requirement(id, text, kind, remark, cases, judge);
    }

    /** Returns the same with a judge of the first case's frames. */
    Requirement judgedBy(FrameJudge frameJudge) {
        return new Requirement(id, text, kind, why, cases, frameJudge);
    }
}

package io.towpath.dataplane.selftest;

import io.towpath.dataplane.check.SentFrame;
import java.util.List;

/** Judges frames that cannot be told in advance, as there is something random in them. */
interface FrameJudge {
    /** Returns what is wrong with the frames that a case sent, null if nothing is. */
    String problem(List<SentFrame> frames);
}

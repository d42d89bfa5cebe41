package io.towpath.dataplane.selftest;

/**
 * What became of a requirement.
 *
 * @param reason why it failed, or the requirement's own remark
 */
public record RequirementResult(Requirement requirement, Verdict verdict, String reason) {
    /** {@link #label} is what is printed. */
    public enum Verdict {
        PASS("pass"),
        BY_DESIGN_NOT("by design not"),
        FAIL("fail");

        private final String label;

        Verdict(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }
}

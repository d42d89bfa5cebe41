package io.towpath.dataplane.cli;

import io.towpath.dataplane.check.CaseResult;
import java.util.List;

/** Prints what became of cases. */
final class CaseListing {
    private CaseListing() {}

    /** Returns the exit code. */
    static int print(List<CaseResult> results, OutputFormat output) {
        Listing listing = new Listing("cases", "case", "result", "differences");
        long failed = 0;
        for (CaseResult result : results) {
            failed += result.passed() ? 0 : 1;
            listing.add(result.name(), result.passed() ? "pass" : "FAIL", String.join("; ", result.differences()));
        }
        listing.print(output);
        if (output == OutputFormat.TEXT) {
            System.out.printf("%d cases, %d failed%n", results.size(), failed);
        }
        return failed == 0 ? ExitCode.OK : ExitCode.FAILURE;
    }
}

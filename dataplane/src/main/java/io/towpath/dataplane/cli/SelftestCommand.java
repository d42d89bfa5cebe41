package io.towpath.dataplane.cli;

import io.towpath.dataplane.check.CaseResult;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.selftest.Requirement;
import io.towpath.dataplane.selftest.RequirementResult;
import io.towpath.dataplane.selftest.RequirementResult.Verdict;
import io.towpath.dataplane.selftest.Requirements;
import io.towpath.dataplane.selftest.SelfTest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code towpath selftest}. */
@Command(
        name = "selftest",
        mixinStandardHelpOptions = true,
        description =
                "Plays the cases that come with the program through its engine, in memory: needs no rights and no network.")
final class SelftestCommand implements Callable<Integer> {
    @Option(
            names = "--rfc",
            description = "What the cases mean for the requirements of the NAT RFCs: 4787, 5382, 5508, 7857.")
    private boolean rfc;

    @Option(names = "--output", defaultValue = "text", description = "text or json.")
    private OutputFormat output;

    @Override
    public Integer call() {
        try (SelfTest test = new SelfTest()) {
            return rfc ? requirements(test) : cases(test);
        } catch (ManifestException | IOException e) {
            throw new CliException(ExitCode.FAILURE, "cannot read or write: " + e.getMessage());
        }
    }

    private int cases(SelfTest test) throws IOException, ManifestException {
        List<CaseResult> results = new ArrayList<>();
        for (String name : test.cases()) {
            results.add(test.check(name));
        }
        return CaseListing.print(results, output);
    }

    private int requirements(SelfTest test) throws IOException, ManifestException {
        Listing listing = new Listing("requirements", "requirement", "result", "text", "reason");
        Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
        for (Requirement requirement : Requirements.ALL) {
            RequirementResult result = test.check(requirement);
            counts.merge(result.verdict(), 1, Integer::sum);
            listing.add(requirement.id(), result.verdict().label(), requirement.text(), result.reason());
        }
        listing.print(output);
        if (output == OutputFormat.TEXT) {
            System.out.printf(
                    "%d requirements: %d pass, %d by design not, %d fail%n",
                    Requirements.ALL.size(),
                    counts.getOrDefault(Verdict.PASS, 0),
                    counts.getOrDefault(Verdict.BY_DESIGN_NOT, 0),
                    counts.getOrDefault(Verdict.FAIL, 0));
        }
        return counts.containsKey(Verdict.FAIL) ? ExitCode.FAILURE : ExitCode.OK;
    }
}

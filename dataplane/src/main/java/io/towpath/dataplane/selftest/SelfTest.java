package io.towpath.dataplane.selftest;

import io.towpath.dataplane.check.CaseCheck;
import io.towpath.dataplane.check.CaseFolder;
import io.towpath.dataplane.check.CaseResult;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.selftest.Requirement.Kind;
import io.towpath.dataplane.selftest.RequirementResult.Verdict;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs the bundled cases, each once, and says what they mean for the requirements. */
public final class SelfTest implements AutoCloseable {
    private final BundledCases bundled = new BundledCases();
    private final CaseCheck check = new CaseCheck(warning -> {});
    private final Map<String, CaseResult> results = new HashMap<>();

    public SelfTest() throws IOException {}

    /** Returns the names of all cases. */
    public List<String> cases() throws IOException, ManifestException {
        return bundled.names();
    }

    /** Runs a case, or returns what it gave before. */
    public CaseResult check(String name) throws IOException, ManifestException {
        CaseResult known = results.get(name);
        if (known == null) {
            known = check.check(name, bundled.folder(name));
            results.put(name, known);
        }
        return known;
    }

    /** Checks a requirement by all of its cases. */
    public RequirementResult check(Requirement requirement) throws IOException, ManifestException {
        for (String name : requirement.cases()) {
            CaseResult result = check(name);
            if (!result.passed()) {
                return new RequirementResult(
                        requirement,
                        Verdict.FAIL,
                        name + ": " + result.differences().getFirst());
            }
        }
        String problem = judge(requirement);
        if (problem != null) {
            return new RequirementResult(
                    requirement, Verdict.FAIL, requirement.cases().getFirst() + ": " + problem);
        }
        return new RequirementResult(
                requirement, requirement.kind() == Kind.MET ? Verdict.PASS : Verdict.BY_DESIGN_NOT, requirement.why());
    }

    private String judge(Requirement requirement) throws IOException, ManifestException {
        if (requirement.judge() == null) {
            return null;
        }
        CaseFolder folder = CaseFolder.read(bundled.folder(requirement.cases().getFirst()));
        return requirement.judge().problem(check.play(folder).frames());
    }

    @Override
    public void close() throws IOException {
        check.close();
        bundled.close();
    }
}

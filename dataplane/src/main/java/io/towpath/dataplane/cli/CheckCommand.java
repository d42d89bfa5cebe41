package io.towpath.dataplane.cli;

import io.towpath.capture.CaptureException;
import io.towpath.dataplane.check.CaseCheck;
import io.towpath.dataplane.check.CaseFolder;
import io.towpath.dataplane.check.CaseResult;
import io.towpath.dataplane.model.IoFailure;
import io.towpath.dataplane.model.ManifestException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code towpath check}. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description =
                "Plays case folders through the engine and compares the frames that are sent, byte by byte, and all counters.")
final class CheckCommand implements Callable<Integer> {
    @Parameters(
            arity = "1..*",
            paramLabel = "DIR",
            description = "A case folder (it has a case.yaml), or a tree of them.")
    private List<Path> trees;

    @Option(
            names = {"--write", "--update"},
            description = "Write what the engine does as what is expected, instead of comparing.")
    private boolean write;

    @Option(names = "--output", defaultValue = "text", description = "text or json.")
    private OutputFormat output;

    @Override
    public Integer call() {
        try (CaseCheck check = new CaseCheck(warning -> System.err.println("warning: " + warning))) {
            List<Path> folders = folders();
            return write ? write(check, folders) : compare(check, folders);
        } catch (ManifestException e) {
            List<String> problems = e.problems();
            String more = problems.size() == 1 ? "" : " (and " + (problems.size() - 1) + " more)";
            throw new CliException(ExitCode.USAGE, problems.getFirst() + more);
        } catch (CaptureException e) {
            throw new CliException(ExitCode.USAGE, e.getMessage());
        } catch (IOException e) {
            throw new CliException(ExitCode.FAILURE, "cannot read or write: " + IoFailure.text(e));
        } catch (UncheckedIOException e) {
            throw new CliException(ExitCode.FAILURE, "cannot read or write: " + IoFailure.text(e.getCause()));
        }
    }

    private List<Path> folders() throws IOException, ManifestException {
        List<Path> folders = new ArrayList<>();
        for (Path tree : trees) {
            folders.addAll(CaseFolder.find(tree));
        }
        return folders;
    }

    private int compare(CaseCheck check, List<Path> folders) throws IOException, ManifestException {
        List<CaseResult> results = new ArrayList<>();
        for (Path folder : folders) {
            results.add(check.check(folder.toString(), folder));
        }
        return CaseListing.print(results, output);
    }

    private int write(CaseCheck check, List<Path> folders) throws IOException, ManifestException {
        Listing listing = new Listing("cases", "case", "result");
        for (Path folder : folders) {
            check.write(folder);
            listing.add(folder.toString(), "written");
        }
        listing.print(output);
        return ExitCode.OK;
    }
}

package io.towpath.dataplane.check;

import io.towpath.capture.CaptureReader;
import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.engine.EngineConfig;
import io.towpath.dataplane.model.Field;
import io.towpath.dataplane.model.ManifestException;
import io.towpath.dataplane.model.YamlFile;
import io.towpath.dataplane.replay.Replay;
import io.towpath.packet.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Runs cases through the replay engine and compares what comes out with what the folder expects. One thread. */
public final class CaseCheck implements AutoCloseable {
    private static final String FRAMES_OUT = "sent.pcapng";

    private final Path scratch;
    private final Consumer<String> warnings;

    /** @param warnings gets what is strange, but no failure, about configurations and objects */
    public CaseCheck(Consumer<String> warnings) throws IOException {
        this.warnings = warnings;
        scratch = Files.createTempDirectory("towpath-check");
    }

    /**
     * Checks a folder.
     *
     * @param name to report the case by
     * @throws ManifestException if the folder is no case, or has no expectations yet
     * @throws io.towpath.capture.CaptureException if a capture is damaged
     */
    public CaseResult check(String name, Path folder) throws IOException, ManifestException {
        CaseFolder read = CaseFolder.read(folder);
        Outcome expected = expected(read);
        return new CaseResult(name, read.title(), expected.differences(play(read), read.exactFrames()));
    }

    /** Makes what the engine does now the folder's expectation. */
    public void write(Path folder) throws IOException, ManifestException {
        CaseFolder read = CaseFolder.read(folder);
        Outcome outcome = play(read);
        if (read.exactFrames()) {
            Files.copy(
                    scratch.resolve(FRAMES_OUT),
                    read.expectedFrames(),
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
        List<String> lines = new ArrayList<>();
        outcome.counters().forEach((reason, packets) -> lines.add(reason + ": " + packets));
        Files.write(read.expectedCounters(), lines);
    }

    /** Plays a case's steps. */
    public Outcome play(CaseFolder folder) throws IOException, ManifestException {
        Replay.Outputs outputs = new Replay.Outputs(scratch.resolve(FRAMES_OUT), scratch.resolve("verdicts.jsonl"));
        Map<String, Long> counters;
        try (Replay replay = new Replay(settings(folder), outputs, warnings)) {
            for (int i = 0; i < folder.steps().size(); i++) {
                CaseFolder.Step step = folder.steps().get(i);
                replay.step(i, step.objects(), step.capture());
            }
            counters = replay.packetsByReason();
        }
        return new Outcome(frames(outputs.capture()), counters);
    }

    private Replay.Settings settings(CaseFolder folder) throws ManifestException {
        EngineConfig router = folder.config() == null ? null : EngineConfig.read(folder.config());
        List<String> unused = new ArrayList<>();
        ProxyConfig proxy =
                folder.proxyConfig() == null ? ProxyConfig.defaults() : ProxyConfig.read(folder.proxyConfig(), unused);
        unused.forEach(warnings);
        if (router != null && !router.clusterCidrs().isEmpty()) {
            proxy = proxy.withClusterCidrs(router.clusterCidrs());
        }
        return new Replay.Settings(folder.nodeName(), proxy, router, folder.seed());
    }

    private static Outcome expected(CaseFolder folder) throws IOException, ManifestException {
        List<Path> missing = new ArrayList<>();
        if (folder.exactFrames() && !Files.exists(folder.expectedFrames())) {
            missing.add(folder.expectedFrames());
        }
        if (!Files.exists(folder.expectedCounters())) {
            missing.add(folder.expectedCounters());
        }
        if (!missing.isEmpty()) {
            throw new ManifestException(List.of(
                    missing.getFirst() + ": is not there; 'towpath check --write' writes what the engine does"));
        }
        List<SentFrame> frames = folder.exactFrames() ? frames(folder.expectedFrames()) : List.of();
        return new Outcome(frames, counters(folder.expectedCounters()));
    }

    private static List<SentFrame> frames(Path capture) throws IOException {
        List<SentFrame> frames = new ArrayList<>();
        try (CaptureReader reader = CaptureReader.open(capture)) {
            while (reader.next()) {
                frames.add(new SentFrame(
                        reader.packet().interfaceName(), reader.packet().data()));
            }
        }
        return frames;
    }

    private static Map<String, Long> counters(Path file) throws ManifestException {
        YamlFile yaml = YamlFile.read(file);
        Map<String, Long> counters = new TreeMap<>();
        for (Field root : yaml.documents()) {
            for (String reason : root.names()) {
                if (Reason.ALL.stream().noneMatch(known -> known.label().equals(reason))) {
                    root.get(reason).problem("a reason of docs/counters.md");
                }
                counters.put(reason, (long) root.get(reason).number(0, Integer.MAX_VALUE, 0));
            }
        }
        yaml.check();
        return counters;
    }

    @Override
    public void close() throws IOException {
        for (String name : List.of(FRAMES_OUT, "verdicts.jsonl")) {
            Files.deleteIfExists(scratch.resolve(name));
        }
        Files.delete(scratch);
    }
}

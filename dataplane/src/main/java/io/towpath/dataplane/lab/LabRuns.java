package io.towpath.dataplane.lab;

import io.towpath.dataplane.demo.Cleanup;
import io.towpath.dataplane.demo.DemoException;
import io.towpath.dataplane.demo.Programs;
import io.towpath.dataplane.demo.Table;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What {@code towpath lab} does: brings a lab up, tries every path of one, puts load on one, takes labs down. */
public final class LabRuns {
    private static final Path NAMED = Path.of("/run/netns");
    private static final Pattern NAME = Pattern.compile("towpath-(\\d+)-lab-.*");
    private static final long END_LIMIT_S = 15;

    private LabRuns() {}

    /** Makes a lab, tries every path, removes it; returns whether all is as it should be. */
    public static boolean test(Lab.Proxy proxy, PrintStream out) throws Exception {
        try (Cleanup cleanup = new Cleanup()) {
            say("making two nodes with their pods, an underlay and a client");
            Lab lab = Lab.create(proxy, cleanup);
            say("sending traffic over every path");
            List<LabResult> results = lab.test();
            print(results, out);
            return results.stream().noneMatch(LabResult::isFailure);
        }
    }

    /** Makes a lab, sends requests while backends come and go, removes it; returns whether none failed. */
    public static boolean load(int requests, PrintStream out) throws Exception {
        try (Cleanup cleanup = new Cleanup()) {
            say("making two nodes with their pods, an underlay and a client");
            Lab lab = Lab.create(Lab.Proxy.TOWPATH, cleanup);
            say("sending " + requests + " requests over every path while backends come and go each second");
            LoadReport report = lab.load(requests);
            report.print(out);
            return report.isGood();
        }
    }

    private static void print(List<LabResult> results, PrintStream out) {
        Table table = new Table("path", "way", "result", "backend and the source it saw");
        long failures = results.stream().filter(LabResult::isFailure).count();
        for (LabResult result : results) {
            String state = result.isGood() ? "ok" : result.isFailure() ? "FAILED" : "differs";
            String saw = result.isGood() || result.expected().isEmpty()
                    ? result.saw()
                    : result.saw() + ", not " + result.expected();
            table.row(result.path(), result.way(), state, saw);
        }
        table.lines().forEach(out::println);
        out.println(results.size() - failures + " of " + results.size() + " as they should be");
    }

    /** Makes a lab that stays until Ctrl-C or {@link #down}. */
    public static void up(Lab.Proxy proxy) throws Exception {
        try (Cleanup cleanup = new Cleanup()) {
            Lab lab = Lab.create(proxy, cleanup);
            LabNetwork network = lab.network();
            String pod = "ip netns exec " + network.pod(1, 1).namespace().name();
            String node = "ip netns exec " + network.node(1).host().namespace().name();
            say("""
                    the lab stays up until Ctrl-C, or 'towpath lab down'; to try in another terminal, as root:
                      %1$s bash -c 'cat </dev/tcp/10.96.1.1/80'
                      %2$s bash -c 'cat </dev/tcp/10.96.1.7/80'
                      %2$s nft list table inet towpath
                      %2$s %3$s node check --config %4$s""".formatted(
                            pod,
                            node,
                            System.getProperty("towpath.launcher", "towpath"),
                            LabConfig.config(network.id(), network.node(1))));
            new CountDownLatch(1).await();
        }
    }

    /** Ends labs that are up and removes what labs of ended processes left behind. */
    public static void down() throws Exception {
        for (String id : ids()) {
            ProcessHandle.of(Long.parseLong(id))
                    .filter(process -> process.pid() != ProcessHandle.current().pid())
                    .filter(process ->
                            process.info().commandLine().orElse("").contains("io.towpath.dataplane.cli.Main"))
                    .ifPresent(LabRuns::end);
        }
        for (String id : ids()) {
            if (ProcessHandle.of(Long.parseLong(id)).isPresent()) {
                continue; // another lab's, made meanwhile
            }
            for (String name : namespaces()) {
                if (name.startsWith("towpath-" + id + "-lab-")) {
                    sweep(name);
                }
            }
            LabConfig.delete(id);
        }
    }

    /** A killed lab's engines are still in their namespaces: they are the lab's, so they end with it. */
    private static void sweep(String name) throws Exception {
        for (String pid : Programs.require("ip", "netns", "pids", name).split("\\s+")) {
            if (!pid.isEmpty()) {
                ProcessHandle.of(Long.parseLong(pid)).ifPresent(LabRuns::end);
            }
        }
        Programs.require("ip", "netns", "delete", name);
    }

    private static void end(ProcessHandle process) {
        process.destroy();
        try {
            process.onExit().get(END_LIMIT_S, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            throw new DemoException("process " + process.pid() + " does not end: kill it, then run this again", e);
        }
    }

    private static Set<String> ids() throws IOException {
        Set<String> ids = new TreeSet<>();
        for (String name : namespaces()) {
            Matcher matcher = NAME.matcher(name);
            if (matcher.matches()) {
                ids.add(matcher.group(1));
            }
        }
        return ids;
    }

    private static List<String> namespaces() throws IOException {
        if (!Files.isDirectory(NAMED)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(NAMED)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static void say(String text) {
        System.err.println("towpath lab: " + text);
    }
}

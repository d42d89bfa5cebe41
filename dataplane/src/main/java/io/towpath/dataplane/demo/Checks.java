package io.towpath.dataplane.demo;

import io.towpath.dataplane.demo.DemoResult.Check;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/** The demo's traffic beside the HTTP load. A failure is a result, not an exception. */
final class Checks {
    private static final int UDP_DATAGRAMS = 1_000;
    /** Share of datagrams that may be lost on a busy machine. */
    private static final double UDP_LOSS_LIMIT = 0.01;

    private static final Duration LISTEN_LIMIT = Duration.ofSeconds(5);
    private static final Duration PROGRAM_LIMIT = Duration.ofSeconds(10);

    private final Network network;

    Checks(Network network) {
        this.network = network;
    }

    Check bulk(int seconds) {
        return check("bulk TCP stream, " + seconds + " s", Plan.text(Plan.BULK_V4, Plan.BULK_PORT), (what, to) -> {
            BulkStream.Result result =
                    BulkStream.send(network.client(), Plan.at(Plan.BULK_V4, Plan.BULK_PORT), seconds);
            String text = String.format(
                    Locale.ROOT, "%.2f Gbit/s, %.2f GB", result.gigabitsPerSecond(), result.bytes() / 1e9);

            return new Check(what, to, true, text, result.backend());
        });
    }

    Check echo(String address) {
        return check(
                TextReport.count(UDP_DATAGRAMS) + " UDP datagrams, echoed",
                Plan.text(address, Plan.ECHO_PORT),
                (what, to) -> {
                    UdpExchange.Result result =
                            UdpExchange.run(network.client(), Plan.at(address, Plan.ECHO_PORT), UDP_DATAGRAMS);
                    String text = String.format(
                            Locale.ROOT,
                            "%,d answered, p50 %s, p99 %s",
                            result.answered(),
                            TextReport.percentile(result.roundTripNs(), 50),
                            TextReport.percentile(result.roundTripNs(), 99));
                    String by = result.byBackend().entrySet().stream()
                            .map(entry -> entry.getKey() + " " + entry.getValue())
                            .collect(Collectors.joining(", "));

                    return new Check(what, to, result.answered() >= UDP_DATAGRAMS * (1 - UDP_LOSS_LIMIT), text, by);
                });
    }

    /** One request with curl. */
    Check curl(String address) {
        return check("curl", "http://" + Plan.text(address, Plan.WEB_PORT) + "/", (what, to) -> {
            Programs.Result result = Programs.run(
                    PROGRAM_LIMIT,
                    network.client().command("curl", "-sS", "-g", "-m", "5", "-w", "%{http_code} %{time_total}", to));
            String[] lines = result.output().split("\n");
            if (!result.isOk() || lines.length != 2) {
                return new Check(what, to, false, result.errors().strip(), "");
            }
            String[] figures = lines[1].split(" ");
            long ns = Math.round(Double.parseDouble(figures[1]) * 1e9);
            String by = lines[0].replaceFirst("hello from (\\S+).*", "$1");

            return new Check(what, to, figures[0].equals("200"), figures[0] + " in " + TextReport.milliseconds(ns), by);
        });
    }

    /** One TCP run with iperf3, whose server is in the first backend. */
    Check iperf3(String address, int seconds) {
        return check("iperf3, " + seconds + " s", Plan.text(address, Plan.IPERF_PORT), (what, to) -> {
            Process server = new ProcessBuilder(network.backend(1).command("iperf3", "-s", "-1"))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try {
                awaitListening(network.backend(1), Plan.IPERF_PORT);
                Programs.Result result = Programs.run(
                        PROGRAM_LIMIT.plusSeconds(seconds),
                        network.client().command("iperf3", "-c", address, "-t", String.valueOf(seconds), "-J"));

                return iperf3Result(what, to, Json.parse(result.output()));
            } finally {
                server.destroyForcibly().waitFor();
            }
        });
    }

    private static Check iperf3Result(String what, String to, Map<String, Object> report) {
        if (report.get("error") instanceof String error) {
            return new Check(what, to, false, error, "");
        }
        double bitsPerSecond = Json.number(report, "end", "sum_received", "bits_per_second");
        long retransmits = (long) Json.number(report, "end", "sum_sent", "retransmits");
        String text = String.format(Locale.ROOT, "%.2f Gbit/s, %,d retransmits", bitsPerSecond / 1e9, retransmits);

        return new Check(what, to, bitsPerSecond > 0, text, DemoConfig.portName(1));
    }

    /** Waits for a server program to listen. */
    static void awaitListening(Namespace namespace, int port) throws Exception {
        long endNs = System.nanoTime() + LISTEN_LIMIT.toNanos();
        while (!namespace.isListening(port)) {
            if (System.nanoTime() > endNs) {
                throw new IOException("nothing listens on port " + port + " in " + namespace.name());
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    @FunctionalInterface
    private interface Traffic {
        Check send(String what, String to) throws Exception;
    }

    private static Check check(String what, String to, Traffic traffic) {
        try {
            return traffic.send(what, to);
        } catch (TimeoutException e) {
            return new Check(what, to, false, "no answer in time", "");
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            Throwable cause = e.getCause() == null ? e : e.getCause();

            return new Check(what, to, false, String.valueOf(cause.getMessage()), "");
        }
    }

    /** The checks whose programs are there. */
    List<Check> withPrograms(int seconds) {
        List<Check> checks = new ArrayList<>();
        if (Programs.isPresent("curl")) {
            checks.add(curl(Plan.WEB_V4));
            checks.add(curl(Plan.WEB_V6));
        }
        if (Programs.isPresent("iperf3")) {
            checks.add(iperf3(Plan.IPERF_V6, seconds));
        }

        return checks;
    }
}

package io.towpath.bench.net;

import io.towpath.dataplane.demo.Namespace;
import io.towpath.dataplane.demo.Programs;
import java.io.IOException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The HTTP load generator wrk, where it is installed. */
final class Wrk {
    private static final Pattern RATE = Pattern.compile("Requests/sec: +([0-9.]+)");
    private static final Pattern ERRORS =
            Pattern.compile("Socket errors: connect (\\d+), read (\\d+), write (\\d+), timeout (\\d+)");

    private Wrk() {}

    static boolean isPresent() {
        return Programs.isPresent("wrk");
    }

    /** Returns connections a second, each for one request. */
    static double run(Namespace client, String address, int lanes, double seconds)
            throws IOException, InterruptedException {
        long whole = Math.max(1, Math.round(seconds));
        Programs.Result result = Programs.run(
                Duration.ofSeconds(whole + 10),
                client.command(
                        "wrk",
                        "-t1",
                        "-c" + lanes,
                        "-d" + whole + "s",
                        "-H",
                        "Connection: close",
                        "http://" + address + ":" + ServicePort.HTTP.number() + "/"));
        if (!result.isOk()) {
            throw new IOException("wrk: " + result.errors().strip());
        }
        return rate(result.output());
    }

    /** Reads what wrk printed. */
    static double rate(String output) throws IOException {
        Matcher errors = ERRORS.matcher(output);
        if (errors.find() && (!errors.group(1).equals("0") || !errors.group(4).equals("0"))) {
            throw new IOException("wrk: " + errors.group());
        }
        Matcher rate = RATE.matcher(output);
        if (!rate.find()) {
            throw new IOException("wrk said no rate: " + output.strip());
        }
        return Double.parseDouble(rate.group(1));
    }
}

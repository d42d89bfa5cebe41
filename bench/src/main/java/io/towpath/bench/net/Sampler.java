package io.towpath.bench.net;

import static io.towpath.bench.net.LoadTool.text;

import io.towpath.dataplane.demo.Json;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;

/**
 * Takes samples: one load over one way.
 *
 * @param seconds of each
 */
record Sampler(LoadTool tool, BenchNetwork network, double seconds) {
    private static final int LANES = 32;
    /** So few that neither ports nor the kernel's connection table run out before what is over is forgotten. */
    private static final int CONNECTIONS_MAX = 20_000;

    private static final int PACED_PER_SECOND = 150_000;

    /** Returns what the load says. */
    Map<NetCase, Double> sample(Load load, Way way, int services) throws IOException, InterruptedException {
        return switch (load) {
            case TCP1 -> Map.of(NetCase.TCP1, stream(way, 1, "up"));
            case TCP1_DOWN -> Map.of(NetCase.TCP1_DOWN, stream(way, 1, "down"));
            case TCP8 -> Map.of(NetCase.TCP8, stream(way, 8, "up"));
            case TCP8_DOWN -> Map.of(NetCase.TCP8_DOWN, stream(way, 8, "down"));
            case UDP64 -> {
                Datagrams datagrams = datagrams(way, 64, 0);
                yield Map.of(
                        NetCase.UDP64, datagrams.kiloPerSecond(),
                        NetCase.UDP64_LOSS, datagrams.lossPercent(),
                        NetCase.UDP64_CPU, datagrams.cpuPerMillion());
            }
            case UDP1400 -> {
                Datagrams datagrams = datagrams(way, 1400, 0);
                yield Map.of(
                        NetCase.UDP1400, datagrams.kiloPerSecond(),
                        NetCase.UDP1400_LOSS, datagrams.lossPercent());
            }
            case UDP64_PACED ->
                Map.of(
                        NetCase.UDP64_PACED_LOSS,
                        datagrams(way, 64, PACED_PER_SECOND).lossPercent());
            case RTT -> roundTrips(way);
            case FIRST -> oneWay(way);
            case CONN -> connections(way, services);
            case CONN_WRK -> Map.of(NetCase.CONN_WRK, Wrk.run(network.client(), way.target(), LANES, seconds));
        };
    }

    private double stream(Way way, int streams, String direction) throws IOException, InterruptedException {
        Map<String, Object> result = tool.run(
                network.client(),
                "stream",
                way.target(),
                text(ServicePort.STREAM),
                String.valueOf(seconds),
                String.valueOf(streams),
                direction);
        return Json.number(result, "bytes") * 8 / Json.number(result, "seconds") / 1e9;
    }

    /**
     * What became of datagrams.
     *
     * @param busySeconds of all cores
     * @param seconds from the first to the last that arrived
     */
    record Datagrams(double sent, double received, double seconds, double busySeconds) {
        double kiloPerSecond() {
            return seconds > 0 ? received / seconds / 1e3 : 0;
        }

        double lossPercent() {
            return 100 * (1 - received / sent);
        }

        double cpuPerMillion() {
            return busySeconds / received * 1e6;
        }
    }

    private Datagrams datagrams(Way way, int bytes, int perSecond) throws IOException, InterruptedException {
        try (LoadTool.Server receiver = tool.receive(network.server())) {
            double busyBefore = MachineTime.busySeconds();
            Map<String, Object> sent = tool.run(
                    network.client(),
                    "udp-send",
                    way.target(),
                    text(ServicePort.UDP),
                    String.valueOf(bytes),
                    String.valueOf(seconds),
                    String.valueOf(perSecond));
            Map<String, Object> received = receiver.finish();
            double busy = MachineTime.busySeconds() - busyBefore;
            if (Json.number(received, "received") == 0) {
                throw new IOException("no datagram arrived");
            }
            return new Datagrams(
                    Json.number(sent, "sent"),
                    Json.number(received, "received"),
                    Json.number(received, "seconds"),
                    busy);
        }
    }

    private Map<NetCase, Double> roundTrips(Way way) throws IOException, InterruptedException {
        Map<String, Object> result =
                tool.run(network.client(), "ping", way.target(), text(ServicePort.ECHO), String.valueOf(seconds));
        return Map.of(
                NetCase.RTT_P50, Json.number(result, "p50"),
                NetCase.RTT_P99, Json.number(result, "p99"),
                NetCase.RTT_P999, Json.number(result, "p999"));
    }

    private Map<NetCase, Double> oneWay(Way way) throws IOException, InterruptedException {
        Map<String, Object> result = tool.run(
                network.client(),
                "first",
                network.server().name(),
                way.target(),
                text(ServicePort.UDP),
                String.valueOf(seconds));
        return Map.of(
                NetCase.ONE_WAY_P50, Json.number(result, "flow_p50"), NetCase.FIRST_P50, Json.number(result, "p50"));
    }

    private Map<NetCase, Double> connections(Way way, int services) throws IOException, InterruptedException {
        Map<String, Object> result = tool.run(
                network.client(),
                "http",
                way.target(),
                String.valueOf(way.targets(services)),
                text(ServicePort.HTTP),
                String.valueOf(seconds),
                String.valueOf(LANES),
                String.valueOf(CONNECTIONS_MAX));
        double done = Json.number(result, "connections");
        double failures = Json.number(result, "failures");
        if (done == 0 || failures > 0) {
            throw new IOException("%.0f of %.0f connections failed".formatted(failures, done + failures));
        }
        Map<NetCase, Double> values = new EnumMap<>(NetCase.class);
        values.put(NetCase.CONN, done / Json.number(result, "seconds"));
        values.put(NetCase.CONN_P50, Json.number(result, "p50"));
        values.put(NetCase.CONN_P99, Json.number(result, "p99"));
        return values;
    }
}

package io.towpath.dataplane.metrics;

import io.towpath.dataplane.control.ProxyConfig;
import io.towpath.dataplane.http.Listeners;
import io.towpath.dataplane.http.RetriedServer;
import io.towpath.maps.Quiescence;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/** The control thread's side of what operators see. Control thread only. */
public final class Operator implements AutoCloseable {
    private final ControlMetrics metrics;
    private final ProgrammingLatency latency;
    private final Optional<RetriedServer> server;

    private Operator(ControlMetrics metrics, ProgrammingLatency latency, Optional<RetriedServer> server) {
        this.metrics = metrics;
        this.latency = latency;
        this.server = server;
    }

    /**
     * Makes it; the server opens with the first {@link #poll}.
     *
     * @param config in force; without a metricsBindAddress there is no server
     * @param sources of metrics beside the control thread
     */
    public static Operator open(
            ProxyConfig config,
            List<MetricSource> sources,
            Quiescence quiescence,
            Listeners listeners,
            Consumer<String> log) {
        NanoClock clock = SystemNanoClock.INSTANCE;
        ProgrammingLatency latency = new ProgrammingLatency(quiescence, clock, InstantSource.system());
        ControlMetrics metrics = new ControlMetrics(InstantSource.system(), latency);
        List<MetricSource> all = new ArrayList<>(sources);
        all.add(metrics);
        all.add(latency);
        OperatorPages pages = new OperatorPages(config, all);
        return new Operator(
                metrics,
                latency,
                config.metricsBindAddress()
                        .map(at -> new RetriedServer(
                                new RetriedServer.Settings("metricsBindAddress", at, config.bindAddressHardFail()),
                                listeners,
                                pages,
                                clock,
                                log)));
    }

    public ControlMetrics metrics() {
        return metrics;
    }

    /** To be called each cycle. Returns how much it did: more than 0 where the next cycle is due at once. */
    public int poll() {
        server.ifPresent(RetriedServer::poll);
        return latency.poll() ? 1 : 0;
    }

    @Override
    public void close() {
        server.ifPresent(RetriedServer::close);
    }
}

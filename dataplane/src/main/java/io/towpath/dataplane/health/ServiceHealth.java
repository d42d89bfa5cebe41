package io.towpath.dataplane.health;

import io.towpath.dataplane.control.ObjectWarning;
import io.towpath.dataplane.http.HttpAnswer;
import io.towpath.dataplane.http.Listeners;
import io.towpath.dataplane.http.Listeners.Listener;
import io.towpath.dataplane.http.RetriedServer;
import io.towpath.dataplane.model.ClusterObject;
import io.towpath.wire.Address;
import java.io.IOException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.agrona.concurrent.NanoClock;

/**
 * The healthCheckNodePort servers: load balancers ask them which nodes have endpoints of a Service with externalTrafficPolicy Local
 * (kube-proxy's pkg/proxy/healthcheck/service_health.go).
 *
 * <p>Control thread, but for the answers, which read what the last sync left.
 */
public final class ServiceHealth implements AutoCloseable {
    private static final String RETRIED =
            "; it is tried again every " + RetriedServer.RETRY_NS / 1_000_000_000L + " s, and with each change";

    private final Listeners listeners;
    private final BooleanSupplier isProxyHealthy;
    private final NanoClock clock;
    private final Consumer<ObjectWarning> warnings;
    private final Map<Socket, Listener> open = new LinkedHashMap<>();
    /** Sockets of the last sync that could not be opened. */
    private final Set<Socket> missing = new LinkedHashSet<>();

    private long triedAtNs;
    private Set<ObjectWarning> said = new HashSet<>();
    private volatile Map<Integer, HealthCheck> checksByPort = Map.of();

    private record Socket(Address address, int port) {
        @Override
        public String toString() {
            return address.withPort(port);
        }
    }

    /** @param isProxyHealthy asked for each answer, on the server's thread */
    public ServiceHealth(
            Listeners listeners, BooleanSupplier isProxyHealthy, NanoClock clock, Consumer<ObjectWarning> warnings) {
        this.listeners = listeners;
        this.isProxyHealthy = isProxyHealthy;
        this.clock = clock;
        this.warnings = warnings;
    }

    /**
     * Closes servers that are not wanted any more and opens those that are; one whose port is taken is tried again at each call, and by
     * {@link #poll}.
     *
     * @param wanted the first of two with one port counts
     * @param addresses to listen on
     */
    public void sync(Collection<HealthCheck> wanted, List<Address> addresses) {
        Set<ObjectWarning> problems = new LinkedHashSet<>();
        Map<Integer, HealthCheck> checks = new LinkedHashMap<>();
        for (HealthCheck check : wanted) {
            HealthCheck owner = checks.putIfAbsent(check.port(), check);
            if (owner != null) {
                problems.add(failure(check, "it belongs to Service " + owner.namespace() + "/" + owner.name()));
            }
        }
        Map<Socket, HealthCheck> sockets = new LinkedHashMap<>();
        checks.values().forEach(check -> addSockets(check, addresses, sockets));
        checksByPort = Map.copyOf(checks);
        closeOthers(sockets.keySet());
        openMissing(sockets, problems);
        problems.stream().filter(problem -> !said.contains(problem)).forEach(warnings);
        said = problems;
    }

    private void openMissing(Map<Socket, HealthCheck> sockets, Set<ObjectWarning> problems) {
        missing.clear();
        triedAtNs = clock.nanoTime();
        sockets.forEach((socket, check) -> tryOpen(socket).ifPresent(why -> {
            missing.add(socket);
            problems.add(failure(check, "cannot listen on " + socket + ": " + why + RETRIED));
        }));
    }

    /** Tries again to open what could not be opened, if that is due; what keeps failing was said. */
    public void poll() {
        if (!missing.isEmpty() && clock.nanoTime() - triedAtNs >= RetriedServer.RETRY_NS) {
            triedAtNs = clock.nanoTime();
            missing.removeIf(socket -> tryOpen(socket).isEmpty());
        }
    }

    private static void addSockets(HealthCheck check, List<Address> addresses, Map<Socket, HealthCheck> sockets) {
        for (Address address : addresses) {
            if (check.endpoints(address.isIpv6()) >= 0) {
                sockets.put(new Socket(address, check.port()), check);
            }
        }
        if (sockets.containsKey(new Socket(Listeners.ANY, check.port()))) {
            sockets.remove(new Socket(Listeners.ANY_IPV4, check.port())); // a part of the other
        }
    }

    private void closeOthers(Set<Socket> sockets) {
        Iterator<Map.Entry<Socket, Listener>> entries = open.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<Socket, Listener> entry = entries.next();
            if (!sockets.contains(entry.getKey())) {
                entry.getValue().close();
                entries.remove();
            }
        }
    }

    /** Returns why it cannot be opened, if so. */
    private Optional<String> tryOpen(Socket socket) {
        if (open.containsKey(socket)) {
            return Optional.empty();
        }
        try {
            int port = socket.port();
            open.put(socket, listeners.listen(socket.address(), port, (path, ipv6) -> answer(port, ipv6)));
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** The line has the reason, too, so that a search for it finds this. */
    private static ObjectWarning failure(HealthCheck check, String why) {
        ClusterObject.Key service = new ClusterObject.Key("Service", check.namespace(), check.name());
        String text =
                ObjectWarning.NO_HEALTH_CHECK + ": " + service + ": healthCheckNodePort " + check.port() + ": " + why;
        return new ObjectWarning(service, ObjectWarning.NO_HEALTH_CHECK, text);
    }

    private HttpAnswer answer(int port, boolean ipv6) {
        HealthCheck check = checksByPort.get(port);
        int endpoints = check == null ? HealthCheck.NOT_SERVED : check.endpoints(ipv6);
        if (endpoints == HealthCheck.NOT_SERVED) {
            return null;
        }
        boolean proxyHealthy = isProxyHealthy.getAsBoolean();
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("service", namesOf(check));
        body.put("localEndpoints", endpoints);
        body.put("serviceProxyHealthy", proxyHealthy);
        Map<String, String> weight = Map.of("X-Load-Balancing-Endpoint-Weight", Integer.toString(endpoints));
        return HttpAnswer.of(endpoints > 0 && proxyHealthy, weight, body);
    }

    private static Map<String, Object> namesOf(HealthCheck check) {
        Map<String, Object> names = new LinkedHashMap<>();
        names.put("namespace", check.namespace());
        names.put("name", check.name());
        return names;
    }

    @Override
    public void close() {
        missing.clear();
        closeOthers(Set.of());
    }
}

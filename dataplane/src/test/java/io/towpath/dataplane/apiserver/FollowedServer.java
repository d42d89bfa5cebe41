package io.towpath.dataplane.apiserver;

import static org.junit.jupiter.api.Assertions.fail;

import io.towpath.dataplane.control.ClusterEvents;
import io.towpath.dataplane.model.ClusterObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A source that follows a server, what it told and what it said. Its clock stands still unless moved. */
final class FollowedServer implements ClusterEvents, AutoCloseable {
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(30);

    final Map<String, ClusterObject> objects = new TreeMap<>();
    final List<String> told = new CopyOnWriteArrayList<>();
    final List<String> log = new CopyOnWriteArrayList<>();
    final ApiServerSource source;
    long nowNs;
    int polled;

    FollowedServer(ApiServerAccess access, boolean needsPodCidrs, Path stateFile) {
        access.config().setWatchReconnectInterval(10);
        access.config().setRequestRetryBackoffInterval(5);
        source = new ApiServerSource(
                access, new ApiServerSource.Settings("node", needsPodCidrs, stateFile), log::add, () -> nowNs);
    }

    @Override
    public void upsert(ClusterObject object) {
        objects.put(object.key().toString(), object);
        told.add("+" + object.name());
    }

    @Override
    public void delete(ClusterObject.Key key) {
        objects.remove(key.toString());
        told.add("-" + key.name());
    }

    /** Polls until something is the case. */
    FollowedServer until(BooleanSupplier condition) {
        long endNs = System.nanoTime() + LIMIT_NS;
        do {
            if (source.poll(this)) {
                polled++;
            }
            if (condition.getAsBoolean()) {
                return this;
            }
            Thread.onSpinWait();
            Thread.yield();
        } while (System.nanoTime() < endNs);
        return fail("did not come about; status " + source.status() + ", told " + told + ", log " + log);
    }

    FollowedServer untilTold(String what) {
        return until(() -> told.contains(what));
    }

    FollowedServer untilLogged(String part) {
        return until(() -> log.stream().anyMatch(line -> line.contains(part)));
    }

    String clusterIp(String service) {
        return ((ClusterObject.Service) objects.get("Service ns/" + service))
                .clusterIps()
                .getFirst();
    }

    @Override
    public void close() {
        source.close();
    }
}

package io.towpath.nat;

import io.towpath.maps.IdAllocator;
import io.towpath.maps.RecordMap;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * The numbers of service ports and their backends, which connections, counters and session affinity refer to. A service port and a backend
 * have theirs as long as they exist, across restarts: what each number means stands in maps, and a new process gives out the numbers it
 * finds there to the same service ports and backends only. Numbers that nobody came for are free once no others are left. Control thread;
 * made before workers run.
 */
final class ServiceIds {
    private final RecordMap names;
    private final BackendAddresses addresses;
    private final IdAllocator services;
    private final IdAllocator backends;
    /** Of an earlier process, until they are asked for. */
    private final Map<ServicePort.Key, Integer> leftServices = new HashMap<>();

    private final Map<Backend, Integer> leftBackends = new HashMap<>();

    private record Backend(int serviceId, BackendAddress address) {}

    ServiceIds(ServiceMaps maps) {
        names = maps.names();
        addresses = maps.backendAddresses();
        BitSet takenServices = readServices();
        BitSet takenBackends = readBackends();
        services = new IdAllocator((int) names.capacity(), takenServices, maps.quiescence());
        backends = new IdAllocator(addresses.capacity(), takenBackends, maps.quiescence());
        // Whoever gets another number next is not to begin with what was counted for another.
        maps.serviceCounters().clearAllBut(takenServices);
        maps.backendCounters().clearAllBut(takenBackends);
    }

    private BitSet readServices() {
        BitSet taken = new BitSet();
        for (int id = 1; id < names.capacity(); id++) {
            if (ServiceNames.isFree(names, id)) {
                continue;
            }
            ServicePort.Key key = ServiceNames.key(names, id);
            if (key != null && leftServices.putIfAbsent(key, id) == null) {
                taken.set(id);
            } else {
                ServiceNames.free(names, id);
            }
        }
        return taken;
    }

    private BitSet readBackends() {
        BitSet taken = new BitSet();
        for (int id = 1; id < addresses.capacity(); id++) {
            int serviceId = addresses.serviceId(id);
            if (serviceId == 0) {
                continue;
            }
            if (leftBackends.putIfAbsent(new Backend(serviceId, addresses.read(id)), id) == null) {
                taken.set(id);
            } else {
                addresses.free(id);
            }
        }
        return taken;
    }

    /** Returns a number for a service port that has none, 0 where all are taken. */
    int service(ServicePort.Key key) {
        Integer left = leftServices.remove(key);
        if (left != null) {
            return left;
        }
        int id = services.allocate();
        if (id == 0 && !leftServices.isEmpty()) {
            leftServices.values().forEach(this::releaseService);
            leftServices.clear();
            id = services.allocate();
        }
        if (id != 0) {
            ServiceNames.write(names, id, key);
        }
        return id;
    }

    void releaseService(int id) {
        ServiceNames.free(names, id);
        services.release(id);
    }

    /** Returns a number for a service port's backend that has none, 0 where all are taken. */
    int backend(int serviceId, BackendAddress address) {
        Integer left = leftBackends.remove(new Backend(serviceId, address));
        if (left != null) {
            return left;
        }
        int id = backends.allocate();
        if (id == 0 && !leftBackends.isEmpty()) {
            leftBackends.values().forEach(this::releaseBackend);
            leftBackends.clear();
            id = backends.allocate();
        }
        if (id != 0) {
            addresses.write(id, serviceId, address);
        }
        return id;
    }

    void releaseBackend(int id) {
        if (id != 0) { // there were more backends than numbers
            addresses.free(id);
            backends.release(id);
        }
    }
}

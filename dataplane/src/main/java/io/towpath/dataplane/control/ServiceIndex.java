package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Service;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The Services and their slices, parsed once for all that work with them; tells its readers which Services to look at anew. Control thread only. */
public final class ServiceIndex implements ClusterEvents {
    private final Map<ClusterObject.Key, Service> services = new LinkedHashMap<>();
    private final Map<ClusterObject.Key, SliceEndpoints> slices = new HashMap<>();
    /** By Service, then by name, so that the order in which slices came does not matter. */
    private final Map<ClusterObject.Key, NavigableMap<String, SliceEndpoints>> slicesOfService = new HashMap<>();

    private final List<Consumer<ClusterObject.Key>> readers = new ArrayList<>();

    /**
     * Adds a reader.
     *
     * @param reader told each Service that is there, and from now on each that comes, changes or goes, or whose slices do; such a key may
     *     be that of no Service
     */
    public void follow(Consumer<ClusterObject.Key> reader) {
        services.keySet().forEach(reader);
        readers.add(reader);
    }

    @Override
    public void upsert(ClusterObject object) {
        switch (object) {
            case Service service -> {
                services.put(service.key(), service);
                tell(service.key());
            }
            case EndpointSlice slice -> {
                removeSlice(slice.key());
                addSlice(slice);
            }
            default -> {}
        }
    }

    @Override
    public void delete(ClusterObject.Key key) {
        if (services.remove(key) != null) {
            tell(key);
        }
        removeSlice(key);
    }

    private void addSlice(EndpointSlice slice) {
        SliceEndpoints endpoints = SliceEndpoints.of(slice);
        ClusterObject.Key service = serviceOf(slice);
        slices.put(slice.key(), endpoints);
        slicesOfService.computeIfAbsent(service, key -> new TreeMap<>()).put(slice.name(), endpoints);
        tell(service);
    }

    private void removeSlice(ClusterObject.Key key) {
        SliceEndpoints old = slices.remove(key);
        if (old != null) {
            ClusterObject.Key service = serviceOf(old.slice());
            slicesOfService.computeIfPresent(service, (k, byName) -> {
                byName.remove(key.name());
                return byName.isEmpty() ? null : byName;
            });
            tell(service);
        }
    }

    /** A slice without the label belongs to the Service without a name, which there is not. */
    private static ClusterObject.Key serviceOf(EndpointSlice slice) {
        return new ClusterObject.Key("Service", slice.namespace(), slice.service());
    }

    private void tell(ClusterObject.Key service) {
        readers.forEach(reader -> reader.accept(service));
    }

    /** Returns a Service, null where there is none. */
    public Service service(ClusterObject.Key key) {
        return services.get(key);
    }

    Set<ClusterObject.Key> services() {
        return services.keySet();
    }

    /** Returns the keys of all Services and slices. */
    Set<ClusterObject.Key> keys() {
        Set<ClusterObject.Key> keys = new HashSet<>(services.keySet());
        keys.addAll(slices.keySet());
        return keys;
    }

    /** Returns the slices of a Service in the order of their names. */
    Collection<SliceEndpoints> slices(ClusterObject.Key service) {
        NavigableMap<String, SliceEndpoints> byName = slicesOfService.get(service);
        return byName == null ? List.of() : byName.values();
    }

    /** Returns how many ready endpoints of a Service a node has, as a healthCheckNodePort tells it. */
    public int localEndpoints(ClusterObject.Key service, String nodeName, boolean ipv6) {
        return LocalEndpoints.count(slices(service), nodeName, ipv6);
    }
}

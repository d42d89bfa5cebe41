package io.towpath.nat;

import io.towpath.conntrack.Entry;
import io.towpath.conntrack.EntryReview;

/** Looks at connections that an earlier process left, by the service maps that it left. Set-up thread, before the maps are written. */
final class ServiceReview implements EntryReview {
    private final ServiceMaps maps;

    ServiceReview(ServiceMaps maps) {
        this.maps = maps;
    }

    @Override
    public boolean isIntact(long entry) {
        return Entry.protocol(entry) == Entry.AFFINITY_TEMPLATE || Connections.areDeltasRight(entry);
    }

    @Override
    public boolean isService(int serviceId) {
        return serviceId > 0 && serviceId < maps.names().capacity() && !ServiceNames.isFree(maps.names(), serviceId);
    }

    @Override
    public boolean isBackend(int backendId, int serviceId) {
        return backendId > 0 && maps.backendAddresses().serviceId(backendId) == serviceId;
    }

    @Override
    public boolean isBackendAt(int backendId, long hi, long lo, int port) {
        return maps.backendAddresses().isAt(backendId, hi, lo, port);
    }
}

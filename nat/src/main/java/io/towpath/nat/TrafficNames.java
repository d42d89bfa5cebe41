package io.towpath.nat;

import io.towpath.maps.RecordMap;

/**
 * Says what the numbers of {@link ServiceMaps#serviceCounters} and {@link ServiceMaps#backendCounters} mean, while the control thread may
 * change it: a number that changes its meaning just then counts as free. Any thread; takes no lock.
 */
public final class TrafficNames {
    private final RecordMap names;
    private final BackendAddresses addresses;

    /** A backend of a service port. */
    public record Backend(ServicePort.Key service, BackendAddress address) {}

    public TrafficNames(ServiceMaps maps) {
        names = maps.names();
        addresses = maps.backendAddresses();
    }

    /** Returns the service port that has a number, null where the number is free. */
    public ServicePort.Key service(int id) {
        if (ServiceNames.isFree(names, id)) {
            return null;
        }
        ServicePort.Key key = ServiceNames.key(names, id);
        return key != null && key.equals(ServiceNames.key(names, id)) ? key : null;
    }

    /** Returns whether a backend has the number. */
    public boolean isBackend(int id) {
        return addresses.serviceId(id) != 0;
    }

    /** Returns the backend that has a number, null where the number is free. */
    public Backend backend(int id) {
        int serviceId = addresses.serviceId(id);
        if (serviceId <= 0 || serviceId >= names.capacity()) {
            return null;
        }
        BackendAddress address = addresses.read(id);
        ServicePort.Key service = service(serviceId);
        boolean isSame = addresses.serviceId(id) == serviceId && address.equals(addresses.read(id));
        return isSame && service != null ? new Backend(service, address) : null;
    }
}

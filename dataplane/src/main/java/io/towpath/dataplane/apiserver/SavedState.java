package io.towpath.dataplane.apiserver;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Node;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.dataplane.model.ClusterObject.ServiceCidr;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/**
 * The objects as kept on disk, in JSON with the records' own names.
 *
 * @param version of the format: another one is not read
 * @param server whose objects they are
 * @param savedAtMs milliseconds since 1970
 */
record SavedState(
        int version,
        String server,
        long savedAtMs,
        List<Service> services,
        List<EndpointSlice> endpointSlices,
        List<Node> nodes,
        List<ServiceCidr> serviceCidrs) {
    /** Changes whenever a record of {@link ClusterObject} does. */
    static final int VERSION = 2;

    static SavedState of(String server, long savedAtMs, Collection<ClusterObject> objects) {
        SavedState state = new SavedState(
                VERSION, server, savedAtMs, new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (ClusterObject object : objects) {
            switch (object) {
                case Service service -> state.services.add(service);
                case EndpointSlice slice -> state.endpointSlices.add(slice);
                case Node node -> state.nodes.add(node);
                case ServiceCidr cidr -> state.serviceCidrs.add(cidr);
            }
        }
        return state;
    }

    Stream<ClusterObject> objects() {
        return Stream.of(services, endpointSlices, nodes, serviceCidrs).flatMap(List::stream);
    }
}

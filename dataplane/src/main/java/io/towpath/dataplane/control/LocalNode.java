package io.towpath.dataplane.control;

import io.towpath.wire.Address;
import java.util.List;

/**
 * What decides about service ports on the node that the proxy runs on.
 *
 * @param zone empty where unknown
 * @param topologyHints node hints count
 * @param addresses the first of each family is the primary one
 * @param nodePortAddresses those that NodePorts are open on
 */
record LocalNode(
        String name, String zone, boolean topologyHints, List<Address> addresses, List<Address> nodePortAddresses) {}

/** Router mode: every port is a network whose gateway the engine is. Routes, neighbors, ARP and neighbor discovery, hop limits, MTUs. */
package io.towpath.dataplane.router;

package io.towpath.nat;

import io.towpath.maps.WordMap;
import io.towpath.wire.Address;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Writes the virtual addresses of service ports, and the marker that each ClusterIP has beside its ports. Control thread only. */
final class VipWriter {
    private final WordMap vips;
    /** Number of ports of each ClusterIP. */
    private final Map<Address, Integer> clusterIps = new HashMap<>();

    VipWriter(WordMap vips) {
        this.vips = vips;
    }

    /** Points all addresses of a service port at its block. Returns those that there is no room for; to be called again for them. */
    List<String> publish(ServicePort port, long block) {
        List<String> leftOut = new ArrayList<>();
        for (Vip vip : port.vips()) {
            if (!publish(vip, port.name().protocol(), block)) {
                leftOut.add(vip.address().withPort(vip.port()));
            }
        }
        return leftOut;
    }

    private boolean publish(Vip vip, Protocol protocol, long block) {
        Address address = vip.address();
        long key = VipValue.key(vip.port(), protocol.number());
        long old = vips.get(address.hi(), address.lo(), key);
        boolean wasClusterIp = old != 0 && !VipValue.isExternal(old);
        boolean isClusterIp = !vip.kind().isExternal();
        if (!vips.put(address.hi(), address.lo(), key, VipValue.of(vip, block))) {
            return false;
        }
        if (isClusterIp && !wasClusterIp) {
            clusterIps.merge(address, 1, Integer::sum);
        } else if (wasClusterIp && !isClusterIp) {
            forgetClusterIp(address);
        }
        return !isClusterIp || vips.put(address.hi(), address.lo(), VipValue.ANY_PORT, VipValue.addressOnly());
    }

    /** Takes out those addresses of a service port that still lead to a block; others have a newer one, or another owner. */
    void unpublish(ServicePort port, long block) {
        for (Vip vip : port.vips()) {
            Address address = vip.address();
            long key = VipValue.key(vip.port(), port.name().protocol().number());
            long value = vips.get(address.hi(), address.lo(), key);
            if (value == 0 || VipValue.block(value) != block) {
                continue;
            }
            vips.remove(address.hi(), address.lo(), key);
            if (!VipValue.isExternal(value)) {
                forgetClusterIp(address);
            }
        }
    }

    private void forgetClusterIp(Address address) {
        Integer left = clusterIps.computeIfPresent(address, (a, count) -> count > 1 ? count - 1 : null);
        if (left == null) {
            vips.remove(address.hi(), address.lo(), VipValue.ANY_PORT);
        }
    }
}

package io.towpath.dataplane.vectors;

import java.util.ArrayList;
import java.util.List;

/** All case folders. */
final class Vectors {
    private Vectors() {}

    static List<Vector> all() {
        List<Vector> all = new ArrayList<>();
        all.addAll(UdpVectors.all());
        all.addAll(TcpVectors.all());
        all.addAll(SctpVectors.all());
        all.addAll(IcmpErrorVectors.all());
        all.addAll(FragmentVectors.all());
        all.addAll(RouterVectors.all());
        return all;
    }
}

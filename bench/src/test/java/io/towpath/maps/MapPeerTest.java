package io.towpath.maps;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.towpath.bench.FlowKey;
import io.towpath.packet.FiveTuple;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MapPeerTest {
    private static final int FLOWS = 1000;

    /** JCTools' map needs sun.misc.Unsafe, which tests are denied. */
    @ParameterizedTest
    @EnumSource(names = "NON_BLOCKING_HASH_MAP_LONG", mode = EnumSource.Mode.EXCLUDE)
    void shouldFindWhatIsThereAndNothingElse(MapPeer peer) {
        try (FlowMap map = peer.create(FLOWS)) {
            for (int flow = 0; flow < FLOWS; flow++) {
                map.put(FlowKey.addresses(flow), udp(flow, 0), flow + 1L);
            }
            for (int flow = 0; flow < FLOWS; flow += 2) {
                map.remove(FlowKey.addresses(flow), udp(flow, 0));
                map.put(FlowKey.addresses(flow), udp(flow, 1), flow + 2L);
            }
            for (int flow = 0; flow < FLOWS; flow++) {
                boolean replaced = flow % 2 == 0;
                assertEquals(replaced ? 0 : flow + 1, map.find(FlowKey.addresses(flow), udp(flow, 0)));
                assertEquals(replaced ? flow + 2 : 0, map.find(FlowKey.addresses(flow), udp(flow, 1)));

                map.remove(FlowKey.addresses(flow), udp(flow, replaced ? 1 : 0));

                assertEquals(0, map.find(FlowKey.addresses(flow), udp(flow, replaced ? 1 : 0)));
            }
        }
    }

    private static long udp(int flow, int generation) {
        return FlowKey.transport(flow, generation, FiveTuple.UDP);
    }
}

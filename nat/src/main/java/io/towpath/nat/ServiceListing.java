package io.towpath.nat;

import io.towpath.maps.BlockStore;
import io.towpath.maps.CounterMap;
import io.towpath.maps.PinnedMaps;
import io.towpath.maps.RecordMap;
import io.towpath.maps.WordMap;
import io.towpath.wire.Address;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Reads the service maps of an engine in another process while it runs. */
public final class ServiceListing {
    private final WordMap vips;
    private final MemorySegment blocks;
    private final RecordMap names;
    private final CounterMap counters;

    /** A virtual address; packets and bytes are those of the whole service port. */
    public record Row(
            String service,
            VipKind kind,
            String address,
            int protocol,
            int clusterBackends,
            int localBackends,
            long packets,
            long bytes) {}

    public ServiceListing(PinnedMaps maps) {
        vips = WordMap.open(maps, ServiceMaps.VIPS_MAP);
        blocks = BlockStore.open(maps, ServiceMaps.BLOCKS_MAP);
        names = RecordMap.open(maps, ServiceMaps.NAMES_MAP, ServiceNames.LAYOUT_VERSION);
        counters = CounterMap.open(maps, ServiceMaps.SERVICE_COUNTERS_MAP);
    }

    /** Returns the virtual addresses, by service name. */
    public List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        vips.forEach((hi, lo, key, value) -> {
            if (!VipValue.isAddressOnly(value)) {
                rows.add(row(new Address(hi, lo), key, value));
            }
        });
        rows.sort(Comparator.comparing(Row::service).thenComparing(Row::kind).thenComparing(Row::address));
        return rows;
    }

    private Row row(Address address, long key, long value) {
        long block = VipValue.block(value);
        // A block may be reused while it is read here, so a number from it is not trusted as an index.
        int id = Math.clamp(ServiceBlock.serviceId(blocks, block), 0, counters.capacity() - 1);
        return new Row(
                ServiceNames.read(names, id),
                VipValue.kind(value),
                address.withPort(VipValue.port(key)),
                VipValue.protocol(key),
                ServiceBlock.clusterCount(blocks, block),
                ServiceBlock.localCount(blocks, block),
                counters.packets(id),
                counters.bytes(id));
    }
}

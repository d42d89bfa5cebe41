package io.towpath.nat;

import io.towpath.conntrack.EntryReview;
import io.towpath.maps.BlockStore;
import io.towpath.maps.CounterMap;
import io.towpath.maps.LpmMap;
import io.towpath.maps.MapStore;
import io.towpath.maps.Quiescence;
import io.towpath.maps.RecordMap;
import io.towpath.maps.WordMap;
import java.lang.foreign.MemorySegment;

/** The service maps of an instance: the control thread writes them, workers and other processes read. */
public final class ServiceMaps {
    static final String VIPS_MAP = "vips";
    static final String BLOCKS_MAP = "service-blocks";
    static final String CIDRS_MAP = "service-cidrs";
    static final String NAMES_MAP = "service-names";
    public static final String SERVICE_COUNTERS_MAP = "service-counters";
    public static final String BACKEND_COUNTERS_MAP = "backend-counters";

    /** Virtual addresses, with one marker more for each ClusterIP. */
    private static final long VIPS = 1 << 18;
    /** Versions of services with their backends: room for 100,000 Services of ten backends each and 50 Maglev tables. */
    private static final long BLOCK_BYTES = 64L << 20;

    private static final int SERVICES = 1 << 17;
    /** Numbers of backends end below this. */
    public static final int BACKENDS = 1 << 20;
    /** ServiceCIDRs at most; clusters have a few. */
    static final int CIDRS = 1024;

    private final WordMap vips;
    private final LpmMap serviceCidrs;
    private final BlockStore blockStore;
    private final RecordMap names;
    private final BackendAddresses backendAddresses;
    private final RecordMap positions;
    private final CounterMap serviceCounters;
    private final CounterMap backendCounters;
    private final Quiescence quiescence;

    /**
     * Makes empty maps, but for what an earlier process left of the numbers of services and backends, and of counters: that goes on.
     *
     * @param seed of the tables' hashes; secret
     */
    public ServiceMaps(MapStore store, int workers, long seed, Quiescence quiescence) {
        this.quiescence = quiescence;
        vips = WordMap.create(store, VIPS_MAP, VIPS, seed, quiescence);
        serviceCidrs = LpmMap.create(store, CIDRS_MAP, CIDRS, quiescence);
        blockStore = BlockStore.create(store, BLOCKS_MAP, BLOCK_BYTES, quiescence);
        names = RecordMap.resume(store, NAMES_MAP, ServiceNames.LAYOUT_VERSION, ServiceNames.BYTES, SERVICES);
        backendAddresses = new BackendAddresses(RecordMap.resume(
                store, BackendAddresses.MAP, BackendAddresses.LAYOUT_VERSION, BackendAddresses.BYTES, BACKENDS));
        positions = RecordMap.resume(
                store,
                BackendScheduler.POSITIONS_MAP,
                BackendScheduler.POSITIONS_LAYOUT_VERSION,
                BackendScheduler.POSITION_BYTES,
                SERVICES);
        serviceCounters = CounterMap.resume(store, SERVICE_COUNTERS_MAP, workers, SERVICES);
        backendCounters = CounterMap.resume(store, BACKEND_COUNTERS_MAP, workers, BACKENDS);
    }

    WordMap vips() {
        return vips;
    }

    LpmMap serviceCidrs() {
        return serviceCidrs;
    }

    BlockStore blockStore() {
        return blockStore;
    }

    MemorySegment blocks() {
        return blockStore.data();
    }

    RecordMap names() {
        return names;
    }

    BackendAddresses backendAddresses() {
        return backendAddresses;
    }

    /** Returns how to look at connections that an earlier process left; before these maps are written. */
    public EntryReview review() {
        return new ServiceReview(this);
    }

    /** How far round robin is, by service id. */
    RecordMap positions() {
        return positions;
    }

    public CounterMap serviceCounters() {
        return serviceCounters;
    }

    public CounterMap backendCounters() {
        return backendCounters;
    }

    Quiescence quiescence() {
        return quiescence;
    }
}

package io.towpath.maps;

import io.towpath.linux.MappedMemory;
import java.util.ArrayList;
import java.util.List;

/** Maps in private memory, gone with the process: replay, tests, benchmarks. */
public final class AnonymousMapStore implements MapStore {
    private final List<MapRegion> regions = new ArrayList<>();

    @Override
    public MapRegion create(MapSpec spec) {
        MapRegion region = MapRegion.create(MappedMemory.anonymous(spec.dataBytes() + MapRegion.HEADER_BYTES), spec);
        regions.add(region);
        return region;
    }

    @Override
    public MapRegion leftover(String name) {
        return null;
    }

    @Override
    public void refuse(String name, String why) {
        throw new IllegalStateException("nothing was left under the name " + name);
    }

    @Override
    public void close() {
        regions.forEach(MapRegion::close);
        regions.clear();
    }
}

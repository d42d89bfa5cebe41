package io.towpath.maps;

/** Where maps come from: private memory, or a directory of pinned files. Closing it closes every map. Set-up thread only. */
public interface MapStore extends AutoCloseable {
    /**
     * Creates a zeroed region in the place of one that has its name.
     *
     * @throws MapException if there is no room
     */
    MapRegion create(MapSpec spec);

    /** As {@link #create}, but the region that an earlier owner left stays until this one's start has succeeded. */
    default MapRegion createBeside(MapSpec spec) {
        return create(spec);
    }

    /**
     * Returns the region that an earlier owner left under a name, of whatever kind and size, with its content; null where there is none
     * that can be read.
     */
    MapRegion leftover(String name);

    /** Says that the region which an earlier owner left is of no use, and why; the caller creates it anew. */
    void refuse(String name, String why);

    /** Returns the region that an earlier owner left, if it is just as described; null otherwise. */
    default MapRegion adopt(MapSpec spec) {
        MapRegion region = leftover(spec.name());
        if (region == null || region.spec().equals(spec)) {
            return region;
        }
        refuse(spec.name(), "it has " + region.spec().layout() + ", this run has " + spec.layout());
        return null;
    }

    @Override
    void close();
}

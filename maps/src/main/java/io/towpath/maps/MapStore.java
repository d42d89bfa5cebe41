package io.towpath.maps;

/** Where maps come from: private memory, or a directory of pinned files. Closing it closes every map. Set-up thread only. */
public interface MapStore extends AutoCloseable {
    /**
     * Creates a zeroed region.
     *
     * @throws MapException if the name is taken or there is no room
     */
    MapRegion create(MapSpec spec);

    @Override
    void close();
}

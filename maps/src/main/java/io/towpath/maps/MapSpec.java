package io.towpath.maps;

/**
 * What a map's region is to hold.
 *
 * @param name file name without extension when pinned: lower case letters, digits and dashes
 * @param layoutVersion version of the record layout; a reader of another version refuses the region
 * @param recordBytes size of a record, or 1 where records have different sizes
 * @param capacity number of records
 * @param dataBytes bytes behind the header
 */
public record MapSpec(String name, MapKind kind, int layoutVersion, int recordBytes, long capacity, long dataBytes) {
    public MapSpec {
        if (!name.matches("[a-z0-9-]{1,32}")) {
            throw new IllegalArgumentException("map name must be 1 to 32 of a-z, 0-9 and -: '" + name + "'");
        }
        if (dataBytes <= 0 || capacity <= 0 || recordBytes <= 0) {
            throw new IllegalArgumentException("map " + name + " must have positive sizes: " + recordBytes + " x "
                    + capacity + ", " + dataBytes + " bytes");
        }
    }

    /** Returns what a reader must know, as text. */
    String layout() {
        return kind + " layout " + layoutVersion + ", " + capacity + " records of " + recordBytes + " bytes, "
                + dataBytes + " in all";
    }
}

package io.towpath.maps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PinnedMapStoreTest {
    @TempDir
    Path folder;

    @Test
    void shouldShowWhatTheOwnerWrites() throws IOException {
        Path instance = folder.resolve("one");
        try (PinnedMapStore store = PinnedMapStore.open(instance)) {
            WordMap map = WordMap.create(store, "vips", 16, 3, new Quiescence(0));
            CounterMap counters = CounterMap.create(store, "verdicts", 2, 8);
            try (PinnedMaps maps = PinnedMaps.open(instance)) {
                WordMap view = WordMap.open(maps, "vips");
                map.put(1, 2, 3, 4);
                counters.add(0, 5, 1, 100);
                counters.add(1, 5, 2, 200);

                assertEquals(4, view.get(1, 2, 3));
                assertEquals(3, CounterMap.open(maps, "verdicts").packets(5));
                assertEquals(300, CounterMap.open(maps, "verdicts").bytes(5));
                assertThrows(MapException.class, () -> CounterMap.open(maps, "vips"));
            }
            assertEquals(
                    "rw-------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(instance.resolve("vips.map"))));
        }
        assertFalse(Files.exists(instance), "the directory goes with its owner");
    }

    private String refusal(Path instance) {
        return assertThrows(MapException.class, () -> PinnedMapStore.open(instance))
                .getMessage();
    }

    @Test
    void shouldBelongToOneOwnerAsLongAsThatLives() throws IOException {
        Path instance = folder.resolve("owned");
        try (PinnedMapStore store = PinnedMapStore.open(instance)) {
            WordMap.create(store, "vips", 16, 3, new Quiescence(0));
            String message = refusal(instance);
            long pid = ProcessHandle.current().pid();
            assertTrue(message.contains("belongs to the running process " + pid + ":"), message);
            assertTrue(Files.exists(instance.resolve("vips.map")), "a refused one leaves the maps alone");
        }
        PinnedMapStore.open(instance).close();
    }

    @Test
    void shouldTakeOverFromADeadOwnerWhoseProcessIdIsInUseAgain() throws IOException {
        Path instance = folder.resolve("dead");
        Files.createDirectory(
                instance, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.writeString(instance.resolve("pid"), "1\n");
        Files.write(instance.resolve("old.map"), new byte[100]);
        PinnedMapStore store = PinnedMapStore.open(instance);
        assertFalse(Files.exists(instance.resolve("old.map")));
        store.close();
    }

    @Test
    void shouldRefuseADirectoryThatOthersCanGetAt() throws IOException {
        Path open = Files.createDirectory(
                folder.resolve("open"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x---")));
        assertTrue(refusal(open).endsWith("is open to other users (rwxr-x---): chmod 700 " + open), refusal(open));
        Path link = Files.createSymbolicLink(folder.resolve("link"), open);
        assertTrue(refusal(link).endsWith("is no directory: remove it"), refusal(link));
    }

    @Test
    void shouldRefuseADirectoryOfAnotherUser() throws IOException {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "SKIPPED: giving files away needs root");
        Path foreign = Files.createDirectory(
                folder.resolve("foreign"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.setAttribute(foreign, "unix:uid", 4711);

        assertTrue(refusal(foreign).contains("belongs to user 4711, not to root"), refusal(foreign));
    }

    @Test
    void shouldRefuseFilesThatAreNoMaps() throws IOException {
        Path instance = Files.createDirectory(folder.resolve("two"));
        Files.writeString(instance.resolve("pid"), "1\n");
        Files.write(instance.resolve("vips.map"), new byte[8192]);
        Files.write(instance.resolve("cut.map"), new byte[100]);
        try (PinnedMaps maps = PinnedMaps.open(instance)) {
            String message = assertThrows(MapException.class, () -> WordMap.open(maps, "vips"))
                    .getMessage();
            assertTrue(message.contains("wrong magic"), message);
            assertThrows(MapException.class, () -> WordMap.open(maps, "cut"));
            assertThrows(MapException.class, () -> WordMap.open(maps, "missing"));
        }
        assertThrows(MapException.class, () -> PinnedMaps.open(folder.resolve("nobody")));
    }

    @Test
    void shouldRefuseDamagedHeaders() throws IOException {
        Path instance = folder.resolve("three");
        try (PinnedMapStore store = PinnedMapStore.open(instance)) {
            WordMap.create(store, "vips", 16, 3, new Quiescence(0));
            byte[] good = Files.readAllBytes(instance.resolve("vips.map"));
            int slots = MapRegion.HEADER_BYTES + WordMap.SLOTS_OFFSET;
            for (int at : new int[] {MapRegion.DATA_BYTES_OFFSET, MapRegion.CAPACITY_OFFSET, slots}) {
                for (long value : new long[] {0, -1, Long.MAX_VALUE, Long.MAX_VALUE - 100, 1L << 40}) {
                    boolean legal = at == MapRegion.CAPACITY_OFFSET && value > 0;
                    byte[] bad = good.clone();
                    java.nio.ByteBuffer.wrap(bad)
                            .order(java.nio.ByteOrder.nativeOrder())
                            .putLong(at, value);
                    Files.write(instance.resolve("bad.map"), bad);
                    try (PinnedMaps maps = PinnedMaps.open(instance)) {
                        if (!legal) {
                            assertThrows(MapException.class, () -> WordMap.open(maps, "bad"), at + " " + value);
                        }
                    }
                }
            }
        }
    }
}

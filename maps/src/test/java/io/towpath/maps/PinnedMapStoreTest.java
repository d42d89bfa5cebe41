package io.towpath.maps;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PinnedMapStoreTest {
    @TempDir
    Path folder;

    private final List<String> log = new ArrayList<>();

    @Test
    void shouldShowWhatTheOwnerWrites() throws IOException {
        Path instance = folder.resolve("one");
        try (PinnedMapStore store = open(instance)) {
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

    private PinnedMapStore open(Path instance) {
        return PinnedMapStore.open(instance, log::add);
    }

    private String refusal(Path instance) {
        return assertThrows(MapException.class, () -> open(instance)).getMessage();
    }

    @Test
    void shouldBelongToOneOwnerAsLongAsThatLives() throws IOException {
        Path instance = folder.resolve("owned");
        try (PinnedMapStore store = open(instance)) {
            WordMap.create(store, "vips", 16, 3, new Quiescence(0));
            String message = refusal(instance);
            long pid = ProcessHandle.current().pid();
            assertTrue(message.contains("belongs to the running process " + pid + ":"), message);
            assertTrue(Files.exists(instance.resolve("vips.map")), "a refused one leaves the maps alone");
        }
        open(instance).close();
    }

    @Test
    void shouldTakeOverFromADeadOwnerWhoseProcessIdIsInUseAgain() throws IOException {
        Path instance = folder.resolve("dead");
        Files.createDirectory(
                instance, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.writeString(instance.resolve("pid"), "1\n");
        Files.write(instance.resolve("old.map"), new byte[100]);
        PinnedMapStore store = open(instance);
        assertFalse(Files.exists(instance.resolve("old.map")), "it is of no known run of the machine");
        assertFalse(store.tookOver());
        assertEquals(
                List.of("what is left in " + instance + " is not of this run of the machine: all maps start empty"),
                log);
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
        try (PinnedMapStore store = open(instance)) {
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

    @Test
    void shouldGoOnWithWhatAnOwnerLeftThatDidNotRemoveIt() {
        Path instance = folder.resolve("kept");
        PinnedMapStore first = open(instance);
        assertFalse(first.tookOver());
        RecordMap.create(first, "records", 1, 8, 4).data().set(JAVA_LONG, 8, 42);
        CounterMap counters = CounterMap.create(first, "counters", 2, 8);
        counters.add(0, 5, 1, 100);
        counters.add(1, 5, 2, 200);
        CounterMap.create(first, "unused", 1, 1);
        first.keep();

        for (int workers : new int[] {2, 3, 1}) {
            PinnedMapStore next = open(instance);
            assertTrue(next.tookOver());
            RecordMap records = RecordMap.resume(next, "records", 1, 8, 4);
            assertEquals(42, records.data().get(JAVA_LONG, 8));
            CounterMap goesOn = CounterMap.resume(next, "counters", workers, 8);
            goesOn.add(workers - 1, 5, 0, 1);
            assertEquals(3, goesOn.packets(5));
            assertEquals(0, goesOn.packets(4));
            next.commit();
            assertFalse(Files.exists(instance.resolve("unused.map")));
            next.keep();
        }
        try (PinnedMapStore last = open(instance)) {
            assertEquals(303, CounterMap.resume(last, "counters", 1, 8).bytes(5));
        }
        assertFalse(Files.exists(instance));
        assertEquals(List.of(), log);
    }

    @Test
    void shouldSayWhyMapsOfTheLastRunStartEmpty() throws IOException {
        Path instance = folder.resolve("other");
        PinnedMapStore first = open(instance);
        RecordMap.create(first, "records", 1, 8, 4).data().set(JAVA_LONG, 8, 42);
        CounterMap.create(first, "counters", 2, 8).add(0, 5, 1, 100);
        RecordMap.create(first, "cut", 1, 8, 4);
        RecordMap.create(first, "overwritten", 1, 8, 4);
        first.keep();
        Files.write(instance.resolve("cut.map"), new byte[100]);
        Files.write(instance.resolve("overwritten.map"), new byte[8192]);

        try (PinnedMapStore next = open(instance)) {
            assertEquals(0, RecordMap.resume(next, "records", 2, 8, 4).data().get(JAVA_LONG, 8));
            assertEquals(0, CounterMap.resume(next, "counters", 2, 9).packets(5));
            assertNull(RecordMap.adopt(next, "cut", 1, 8, 4));
            assertNull(RecordMap.adopt(next, "overwritten", 1, 8, 4));
            assertNull(RecordMap.adopt(next, "missing", 1, 8, 4));
        }
        assertEquals(4, log.size(), log::toString);
        assertEquals(
                "map records of the last run is not taken over and starts empty: it has ARRAY layout 1, 4 records of 8"
                        + " bytes, 32 in all, this run has ARRAY layout 2, 4 records of 8 bytes, 32 in all",
                log.get(0));
        assertTrue(log.get(1).contains("COUNTERS layout 1, 8 records"), log.get(1));
        assertTrue(log.get(2).endsWith("is truncated: 100 bytes"), log.get(2));
        assertTrue(log.get(3).endsWith("is not a Towpath map (wrong magic)"), log.get(3));
    }

    @Test
    void shouldLeaveWhatAnEarlierOwnerLeftUntilTheStartSucceeded() throws IOException {
        Path instance = folder.resolve("failing");
        PinnedMapStore first = open(instance);
        RecordMap.create(first, "records", 1, 8, 4).data().set(JAVA_LONG, 8, 42);
        CounterMap.create(first, "counters", 2, 8).add(0, 5, 1, 100);
        first.keep();

        PinnedMapStore failing = open(instance);
        RecordMap.resume(failing, "records", 2, 8, 4).data().set(JAVA_LONG, 8, 43);
        CounterMap.resume(failing, "counters", 3, 8).add(0, 5, 1, 100);
        failing.keep();
        assertFalse(Files.exists(instance.resolve("records.map.new")));

        PinnedMapStore back = open(instance);
        assertEquals(42, RecordMap.adopt(back, "records", 1, 8, 4).data().get(JAVA_LONG, 8));
        assertEquals(1, CounterMap.resume(back, "counters", 2, 8).packets(5));
        back.keep();

        PinnedMapStore upgraded = open(instance);
        RecordMap.resume(upgraded, "records", 2, 8, 4).data().set(JAVA_LONG, 8, 44);
        upgraded.commit();
        upgraded.keep();
        try (PinnedMapStore last = open(instance)) {
            assertEquals(44, RecordMap.adopt(last, "records", 2, 8, 4).data().get(JAVA_LONG, 8));
            assertNull(last.leftover("counters"), "nobody asked for it");
        }
        assertEquals(2, log.size(), log::toString);
    }

    @Test
    void shouldStartEmptyAfterTheMachineDid() throws IOException {
        Path instance = folder.resolve("reboot");
        PinnedMapStore first = open(instance);
        RecordMap.create(first, "records", 1, 8, 4);
        first.keep();
        Files.writeString(instance.resolve("boot"), "another\n");

        try (PinnedMapStore next = open(instance)) {
            assertNull(RecordMap.adopt(next, "records", 1, 8, 4));
        }
        assertEquals(1, log.size(), log::toString);
    }
}

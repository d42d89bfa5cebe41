package io.towpath.dataplane.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.model.ClusterObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

final class ManifestDirectoryTest {
    @TempDir
    Path folder;

    private final List<String> problems = new ArrayList<>();
    private final Recorder recorder = new Recorder();
    private ManifestDirectory directory;
    private int edits;

    /** Keeps the objects that there are, and what was told since it was last asked. */
    private static final class Recorder implements ClusterEvents {
        final TreeMap<String, ClusterObject> objects = new TreeMap<>();
        private final List<String> told = new ArrayList<>();

        @Override
        public void upsert(ClusterObject object) {
            objects.put(object.key().toString(), object);
            told.add("+" + object.name());
        }

        @Override
        public void delete(ClusterObject.Key key) {
            objects.remove(key.toString());
            told.add("-" + key.name());
        }

        List<String> told() {
            List<String> copy = List.copyOf(told);
            told.clear();
            return copy;
        }

        String clusterIp(String service) {
            return ((ClusterObject.Service) objects.get("Service ns/" + service))
                    .clusterIps()
                    .getFirst();
        }
    }

    @BeforeEach
    void open() throws Exception {
        directory = new ManifestDirectory(folder, problems::add);
    }

    @AfterEach
    void close() {
        directory.close();
    }

    private void write(String file, String... services) throws Exception {
        StringBuilder text = new StringBuilder();
        for (String service : services) {
            String[] nameAndIp = service.split("=");
            text.append(Objects.service(nameAndIp[0], "clusterIP: " + nameAndIp[1]));
        }
        touch(Files.writeString(folder.resolve(file), text));
    }

    /** Each edit has a time of its own, however coarse the file system's clock is. */
    private void touch(Path file) throws Exception {
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_700_000_000_000L + edits++ * 1000L));
    }

    private List<String> scan() {
        directory.scan(recorder);
        return recorder.told();
    }

    @Test
    void shouldTellOfWhatDiffersOnly() throws Exception {
        write("a.yaml", "one=10.96.0.1", "two=10.96.0.2");
        write("b.yml", "three=10.96.0.3");
        Files.writeString(folder.resolve("notes.txt"), "no manifest");
        assertEquals(List.of("+one", "+two", "+three"), scan());
        assertEquals(List.of(), scan());

        write("a.yaml", "one=10.96.0.1", "two=10.96.0.9", "four=10.96.0.4");
        assertEquals(List.of("+two", "+four"), scan());
        assertEquals("10.96.0.9", recorder.clusterIp("two"));

        write("a.yaml", "two=10.96.0.9");
        assertEquals(List.of("-one", "-four"), scan());
        Files.delete(folder.resolve("b.yml"));
        assertEquals(List.of("-three"), scan());
        assertEquals(List.of(), problems);
    }

    @Test
    void shouldReadEverythingAtTheFirstPollAndNothingUnchangedLater() throws Exception {
        write("a.yaml", "one=10.96.0.1");

        assertTrue(directory.poll(recorder));
        assertFalse(directory.poll(recorder));
    }

    @Test
    void shouldTellWhenItHeardOfAChangeButNotOfWhatItFound() throws Exception {
        write("a.yaml", "one=10.96.0.1");
        try (ManifestDirectory later =
                new ManifestDirectory(folder, problems::add)) { // which hears of the second change only
            assertTrue(later.poll(recorder));
            assertEquals(0, later.oldestReceivedNs());

            long beforeNs = System.nanoTime();
            write("a.yaml", "one=10.96.0.2");
            while (!later.poll(recorder)) {
                Thread.onSpinWait();
            }
            long heardNs = later.oldestReceivedNs();
            assertTrue(beforeNs < heardNs && heardNs < System.nanoTime());
        }
    }

    @Test
    void shouldLeaveNothingToDoAfterARename() throws Exception {
        write("a.yaml", "one=10.96.0.1");
        ClusterFixture cluster = new ClusterFixture(folder, ProxyConfig.defaults());
        directory.scan(cluster.states);
        cluster.sync();
        Files.move(folder.resolve("a.yaml"), folder.resolve("z.yaml"));

        directory.scan(cluster.states);
        cluster.sync();
        assertEquals(List.of(), cluster.last.change().removed());
        assertEquals(List.of(), problems);
        directory.scan(recorder);
        Files.delete(folder.resolve("z.yaml"));
        assertEquals(List.of("-one"), scan());
    }

    @Test
    void shouldKeepTheLastStateOfABrokenFileUntilItIsGoodOrGone() throws Exception {
        write("a.yaml", "one=10.96.0.1");
        write("b.yaml", "two=10.96.0.2");
        scan();
        touch(Files.writeString(folder.resolve("a.yaml"), "kind: Service\nmetadata: {name: [}\n"));
        assertEquals(List.of(), scan());
        assertTrue(problems.getFirst().contains("a.yaml:2: no YAML"), problems.toString());
        assertTrue(problems.getLast().endsWith("a.yaml: keeps its last good state"), problems.toString());
        assertEquals(2, recorder.objects.size());
        int said = problems.size();
        scan();
        assertEquals(said, problems.size(), "it is said once");

        touch(Files.writeString(
                folder.resolve("a.yaml"),
                Objects.service("one", "clusterIP: 10.96.0.7") + Objects.service("x", "ports: [{port: http}]")));
        assertEquals(List.of(), scan(), "a typo does not half apply");
        write("a.yaml", "one=10.96.0.7");
        assertEquals(List.of("+one"), scan());
        touch(Files.writeString(folder.resolve("a.yaml"), "]"));
        scan();
        Files.delete(folder.resolve("a.yaml"));
        assertEquals(List.of("-one"), scan());
    }

    @Test
    void shouldLetTheLaterFileCountAndComeBackToTheEarlierOne() throws Exception {
        write("a.yaml", "one=10.96.0.1");
        write("b.yaml", "one=10.96.0.2");
        scan();
        assertEquals("10.96.0.2", recorder.clusterIp("one"));
        assertEquals(
                List.of(folder.resolve("b.yaml") + ": Service ns/one is defined twice, the one in "
                        + folder.resolve("b.yaml") + " counts"),
                problems);

        write("a.yaml", "one=10.96.0.3");
        assertEquals(List.of(), scan());
        Files.delete(folder.resolve("b.yaml"));
        assertEquals(List.of("+one"), scan());
        assertEquals("10.96.0.3", recorder.clusterIp("one"));
        write("0.yaml", "one=10.96.0.4");
        assertEquals(List.of(), scan());
        Files.delete(folder.resolve("a.yaml"));
        scan();
        assertEquals("10.96.0.4", recorder.clusterIp("one"));
    }

    @Test
    void shouldLetTheLastOfTwoInOneFileCount() throws Exception {
        write("a.yaml", "one=10.96.0.1", "one=10.96.0.2");
        assertEquals(List.of("+one"), scan());

        assertEquals("10.96.0.2", recorder.clusterIp("one"));
        assertEquals(1, problems.size());
    }

    @Test
    void shouldKeepItsLastStateWhenTheDirectoryIsGone() throws Exception {
        write("a.yaml", "one=10.96.0.1");
        scan();
        Files.delete(folder.resolve("a.yaml"));
        Files.delete(folder);

        assertEquals(List.of(), scan());
        String said = folder + ": cannot be read, its last state stays: no such file or directory";
        assertEquals(List.of(said), problems);
        scan();
        assertEquals(List.of(said), problems, "once as long as it lasts");
        Files.createDirectory(folder);
        scan();
        Files.delete(folder);
        scan();
        assertEquals(List.of(said, said), problems);
        Files.createDirectory(folder);
    }

    @Test
    @Timeout(30)
    void shouldTellThatThereIsNews() throws Exception {
        CountDownLatch news = new CountDownLatch(1);
        directory.onNews(news::countDown);
        directory.poll(recorder);

        Files.writeString(folder.resolve("new.yaml"), "");

        news.await();
    }
}

package io.towpath.dataplane.vectors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code -Dtowpath.vectors=write} writes the folders anew; the difference is then for a person to judge. */
final class VectorsTest {
    private static final Path COMMITTED = Path.of("src/main/resources/vectors");

    @TempDir
    Path folder;

    private static List<Path> files(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(Files::isRegularFile)
                    .map(root::relativize)
                    .filter(file -> file.getNameCount() > 1)
                    .sorted()
                    .toList();
        }
    }

    private static void rewrite(List<Vector> vectors) throws IOException {
        List<Path> old = new ArrayList<>();
        try (Stream<Path> files = Files.walk(COMMITTED)) {
            files.filter(file -> COMMITTED.relativize(file).getNameCount() > 1 || Files.isDirectory(file))
                    .filter(file -> !file.equals(COMMITTED))
                    .sorted(Comparator.reverseOrder())
                    .forEach(old::add);
        }
        for (Path file : old) {
            Files.delete(file);
        }
        for (Vector vector : vectors) {
            vector.write(COMMITTED);
        }
    }

    @Test
    void shouldHaveTheFoldersThatTheBuilderWrites() throws IOException {
        List<Vector> vectors = Vectors.all();
        if (System.getProperty("towpath.vectors", "").equals("write")) {
            rewrite(vectors);
        }
        for (Vector vector : vectors) {
            vector.write(folder);
        }
        assertEquals(
                vectors.size(), vectors.stream().map(Vector::name).distinct().count(), "names are unique");
        assertEquals(files(folder), files(COMMITTED));
        for (Path file : files(folder)) {
            assertArrayEquals(
                    Files.readAllBytes(folder.resolve(file)),
                    Files.readAllBytes(COMMITTED.resolve(file)),
                    file + " differs; if that is meant: -Dtowpath.vectors=write");
        }
    }
}

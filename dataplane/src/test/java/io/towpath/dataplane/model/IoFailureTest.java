package io.towpath.dataplane.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class IoFailureTest {
    @Test
    void shouldSayWhyAndNotOnlyWhere() {
        assertEquals("/a: permission denied", IoFailure.text(new AccessDeniedException("/a")));
        assertEquals("/a: no such file or directory", IoFailure.text(new NoSuchFileException("/a")));
        assertEquals("/a: not a directory", IoFailure.text(new NotDirectoryException("/a")));
        assertEquals(
                "/a: File name too long", IoFailure.text(new FileSystemException("/a", null, "File name too long")));
        assertEquals("No space left on device", IoFailure.text(new IOException("No space left on device")));
        assertEquals("IOException", IoFailure.text(new IOException()));
    }

    @Test
    void shouldNameAFileThatIsNotThereOnce(@TempDir Path folder) {
        Path file = folder.resolve("absent.yaml");

        ManifestException e = assertThrows(ManifestException.class, () -> YamlFile.read(file));
        assertEquals(List.of(file + ":1: cannot be read: no such file or directory"), e.problems());
    }
}

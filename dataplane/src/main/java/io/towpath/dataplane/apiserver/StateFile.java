package io.towpath.dataplane.apiserver;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The last state of the cluster on disk (mode 0600, as it decides where traffic goes). A reader finds a whole one or none. */
final class StateFile {
    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<?> FOLDER_OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path file;
    private final JsonMapper mapper = JsonMapper.builder()
            // The records' components and nothing that is derived from them.
            .changeDefaultVisibility(checker -> checker.withIsGetterVisibility(JsonAutoDetect.Visibility.NONE))
            .enable(
                    DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
                    DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
            .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
            .build();

    StateFile(Path file) {
        this.file = file;
    }

    Path path() {
        return file;
    }

    /** Replaces the file's contents; a crash leaves the old ones or the new ones. */
    void write(SavedState state) throws IOException {
        Files.createDirectories(file.getParent(), FOLDER_OWNER_ONLY);
        Path next = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(next);
        Set<StandardOpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (FileChannel channel = FileChannel.open(next, options, OWNER_ONLY);
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
            mapper.writeValue(out, state);
            out.flush();
            channel.force(true);
        } catch (JacksonException e) {
            throw new IOException(Causes.deepest(e), e);
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** @throws IOException if there is one that cannot be used */
    Optional<SavedState> read() throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            SavedState state = mapper.readValue(in, SavedState.class);
            if (state.version() != SavedState.VERSION) {
                throw new IOException("format " + state.version() + ", this version reads " + SavedState.VERSION);
            }
            return Optional.of(state);
        } catch (JacksonException e) {
            throw new IOException(Causes.deepest(e), e);
        }
    }
}

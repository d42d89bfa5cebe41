package io.towpath.dataplane.selftest;

import io.towpath.dataplane.check.CaseFolder;
import io.towpath.dataplane.model.ManifestException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The case folders that come with the program: in its jar, or in a folder of classes. */
public final class BundledCases implements AutoCloseable {
    /** Beside it are the folders. */
    private static final String README = "/vectors/README.md";

    private final Path root;
    /** Null where the classes are in a folder. */
    private final FileSystem jar;

    public BundledCases() throws IOException {
        try {
            URI readme = BundledCases.class.getResource(README).toURI();
            jar = readme.getScheme().equals("jar") ? FileSystems.newFileSystem(readme, Map.of()) : null;
            root = Path.of(readme).getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e); // a class loader's URL is a URI
        }
    }

    /** Returns the names of all cases. */
    public List<String> names() throws IOException, ManifestException {
        return CaseFolder.find(root).stream()
                .map(folder -> root.relativize(folder).toString())
                .toList();
    }

    public Path folder(String name) {
        return root.resolve(name);
    }

    @Override
    public void close() throws IOException {
        if (jar != null) {
            jar.close();
        }
    }
}

package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.client.OAuthTokenProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A token in a file that is replaced before it expires. It is read for each request, as there is one every few minutes only: what is
 * remembered could be out of date. Any thread.
 */
final class TokenFile implements OAuthTokenProvider {
    private final Path file;
    private volatile String last = "";

    TokenFile(Path file) {
        this.file = file;
    }

    @Override
    public String getToken() {
        try {
            String token = Files.readString(file).strip();
            if (!token.isEmpty()) {
                last = token;
            }
        } catch (IOException e) {
            // the file may be missing for a moment while it is replaced; the server says whether the last one is still
            // good
        }
        return last;
    }
}

package io.towpath.dataplane.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class ImageScriptTest {
    private static final Pattern FLAG = Pattern.compile("(?<=[\\s\"])(--|-X|-D)[^\\s\"]+");

    private static Set<String> flags(Path script, String from, String to) throws IOException {
        String text = Files.readString(script);
        int start = text.indexOf(from);
        Set<String> flags = new TreeSet<>();
        FLAG.matcher(text.substring(start, text.indexOf(to, start))).results().forEach(flag -> flags.add(flag.group()));
        return flags;
    }

    @Test
    void shouldStartJavaWithTheFlagsOfTheLauncher() throws IOException {
        Set<String> launcher = flags(Deployed.root().resolve("towpath"), "  options=\"", "\n}");
        Set<String> image =
                flags(Deployed.root().resolve("dataplane/src/image/root/usr/bin/towpath"), "exec java", "${TOWPATH");

        assertTrue(launcher.size() > 4, launcher::toString);
        assertEquals(launcher, image);
    }
}

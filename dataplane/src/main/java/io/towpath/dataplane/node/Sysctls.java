package io.towpath.dataplane.node;

import io.towpath.linux.LinuxException;
import io.towpath.nat.PortRange;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The kernel settings that node mode needs. Those that are not the TAP's own keep their old values in a file, from which {@link #remove} puts
 * them back.
 */
final class Sysctls implements Part {
    private static final Path ROOT =
            Files.isDirectory(NodeHost.MOUNTED_SYSCTLS) ? NodeHost.MOUNTED_SYSCTLS : Path.of("/proc/sys/net");
    private static final String ALL_RP_FILTER = "ipv4/conf/all/rp_filter";
    private static final String RESERVED_PORTS = "ipv4/ip_local_reserved_ports";
    private static final String STRICT = "1";
    private static final int VALUE_BYTES = 4096;

    private final String tap;
    private final PortRange masqueradePorts;
    private final Path saved;
    /** Path below {@link #ROOT} and value. */
    private final Map<String, String> wanted = new LinkedHashMap<>();

    /** @param saved file for the old values */
    Sysctls(NodeConfig config, boolean ipv6, Path saved) {
        this.tap = config.tap();
        this.masqueradePorts = config.masqueradePorts();
        this.saved = saved;
        wanted.put("ipv4/ip_forward", "1");
        // Sequence numbers are checked by the engine. A segment that the kernel took for invalid would pass unmarked,
        // and so unreverted.
        wanted.put("netfilter/nf_conntrack_tcp_be_liberal", "1");
        wanted.put(ofTap("ipv4", "rp_filter"), "0");
        wanted.put(
                ofTap("ipv4", "accept_local"),
                "1"); // masqueraded packets come back with an address of the host as source
        wanted.put(ofTap("ipv4", "send_redirects"), "0");
        if (ipv6) {
            wanted.put("ipv6/conf/all/forwarding", "1");
            wanted.put(ofTap("ipv6", "accept_ra"), "0");
        }
    }

    private String ofTap(String family, String name) {
        return family + "/conf/" + tap + "/" + name;
    }

    private boolean isOfTap(String key) {
        return key.contains("/conf/" + tap + "/");
    }

    @Override
    public List<Finding> check() {
        List<Finding> findings = new ArrayList<>();
        wanted.forEach((key, value) -> {
            String found = read(key);
            findings.add(Finding.of("sysctl " + name(key), value.equals(found), "is " + found + ", not " + value));
        });
        // The kernel takes the larger value of 'all' and the device.
        findings.add(Finding.of(
                "sysctl " + name(ALL_RP_FILTER),
                !STRICT.equals(read(ALL_RP_FILTER)),
                "is 1, which counts for " + tap + ", too"));
        String range = range();
        findings.add(Finding.of(
                "sysctl " + name(RESERVED_PORTS),
                reserves(read(RESERVED_PORTS)),
                range + " is not in it: the host's sockets may take the ports of masqueraded connections"));
        return findings;
    }

    private static String name(String key) {
        return "net." + key.replace('/', '.');
    }

    private String range() {
        return masqueradePorts.first() + "-" + masqueradePorts.last();
    }

    private boolean reserves(String list) {
        if (list == null) {
            return false;
        }
        for (String part : list.split(",")) {
            String[] ends = part.strip().split("-");
            if (!ends[0].isEmpty()
                    && Integer.parseInt(ends[0]) <= masqueradePorts.first()
                    && Integer.parseInt(ends[ends.length - 1]) >= masqueradePorts.last()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void apply() {
        wanted.forEach(this::set);
        if (STRICT.equals(read(ALL_RP_FILTER))) {
            for (String device : devices()) {
                String key = "ipv4/conf/" + device + "/rp_filter";
                if ("0".equals(read(key))) {
                    set(key, STRICT); // as strict as it was
                }
            }
            set(ALL_RP_FILTER, "0");
        }
        String reserved = read(RESERVED_PORTS);
        if (!reserves(reserved)) {
            set(RESERVED_PORTS, reserved == null || reserved.isEmpty() ? range() : reserved + "," + range());
        }
    }

    private List<String> devices() {
        try (Stream<Path> entries = Files.list(ROOT.resolve("ipv4/conf"))) {
            return entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> !name.equals("all") && !name.equals(tap))
                    .toList();
        } catch (IOException e) {
            throw new LinuxException("cannot list " + ROOT + ": " + e.getMessage());
        }
    }

    private void set(String key, String value) {
        String old = read(key);
        // The device's are written in any case: one that never was would follow a later change of the default.
        if (value.equals(old) && !isOfTap(key)) {
            return;
        }
        if (!isOfTap(key) && old != null) {
            save(key, old);
        }
        write(key, value);
    }

    private void save(String key, String value) {
        Map<String, String> all = saved();
        if (all.putIfAbsent(key, value) != null) {
            return; // what it was before the first run counts
        }
        StringBuilder text = new StringBuilder();
        all.forEach((k, v) -> text.append(k).append('=').append(v).append('\n'));
        try {
            Files.createDirectories(saved.getParent());
            Files.writeString(saved, text);
        } catch (IOException e) {
            throw new LinuxException("cannot keep old settings in " + saved + ": " + e.getMessage());
        }
    }

    private Map<String, String> saved() {
        Map<String, String> all = new LinkedHashMap<>();
        try {
            if (Files.exists(saved)) {
                for (String line : Files.readAllLines(saved)) {
                    int equals = line.indexOf('=');
                    all.put(line.substring(0, equals), line.substring(equals + 1));
                }
            }
            return all;
        } catch (IOException e) {
            throw new LinuxException("cannot read " + saved + ": " + e.getMessage());
        }
    }

    @Override
    public void remove() {
        saved().forEach((key, value) -> {
            if (read(key) != null) {
                write(key, value);
            }
        });
        try {
            Files.deleteIfExists(saved);
        } catch (IOException e) {
            throw new LinuxException("cannot delete " + saved + ": " + e.getMessage());
        }
    }

    /** Returns the value, null where there is no such setting. */
    private static String read(String key) {
        Path file = ROOT.resolve(key);
        if (!Files.exists(file)) {
            return null;
        }
        try (InputStream in = new FileInputStream(file.toFile())) {
            byte[] value = new byte[VALUE_BYTES];
            int length = in.read(value); // once: the kernel starts over, or ends, at the second read
            return length <= 0 ? "" : new String(value, 0, length, StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            return null; // a device that went away
        }
    }

    private static void write(String key, String value) {
        try {
            Files.writeString(ROOT.resolve(key), value + "\n");
        } catch (IOException e) {
            throw new LinuxException("cannot set " + name(key) + " to '" + value + "': " + e.getMessage());
        }
    }
}

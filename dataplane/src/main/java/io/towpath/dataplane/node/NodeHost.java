package io.towpath.dataplane.node;

import io.towpath.wire.Address;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the host's interfaces say of it. */
public final class NodeHost {
    /** Where a container has the host's {@code /proc/sys/net}: its own is read-only. */
    public static final Path MOUNTED_SYSCTLS = Path.of("/host/proc/sys/net");

    private static final int MTU_DEFAULT = 1500;
    /** Of the thread's namespace. */
    private static final Path IPV6_ADDRESSES = Path.of("/proc/thread-self/net/if_inet6");

    private static final int TEMPORARY = 0x01;
    /** Addresses that nobody has (RFC 5737, RFC 3849): the way to them is the default route's. */
    private static final List<String> ELSEWHERE = List.of("192.0.2.1", "2001:db8::1");

    private NodeHost() {}

    /** An address of the host, and its interface. */
    record Own(Address address, NetworkInterface device, int bits) {}

    /** Returns the host's addresses that others can reach; of each family the one that packets to elsewhere show goes first. */
    public static List<Address> addresses(String tap) {
        Set<Address> addresses = new LinkedHashSet<>();
        List<Address> all = own(tap).stream().map(Own::address).toList();
        for (String elsewhere : ELSEWHERE) {
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.connect(new InetSocketAddress(elsewhere, 9)); // sends nothing
                Address source = parse(socket.getLocalAddress());
                if (all.contains(source)) {
                    addresses.add(source);
                }
            } catch (UncheckedIOException | SocketException e) {
                // no way to elsewhere in this family
            }
        }
        addresses.addAll(all);
        return List.copyOf(addresses);
    }

    /** Returns the largest packet that the interface of an address takes, bytes. */
    static int mtu(Address address) {
        try {
            for (Own own : own("")) {
                if (own.address.equals(address)) {
                    return own.device.getMTU();
                }
            }
            return MTU_DEFAULT;
        } catch (SocketException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns all addresses of interfaces, whether they have a carrier or not; loopback, link-local and temporary ones (RFC 8981) left out,
     * as they do not stay.
     */
    static List<Own> own(String tap) {
        try {
            Set<Address> temporary = temporary();
            return NetworkInterface.networkInterfaces()
                    .filter(device -> !isLoopback(device) && !device.getName().equals(tap))
                    .flatMap(device -> device.getInterfaceAddresses().stream()
                            .filter(NodeHost::isReachable)
                            .map(a -> new Own(parse(a.getAddress()), device, a.getNetworkPrefixLength())))
                    .filter(own -> !temporary.contains(own.address))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isLoopback(NetworkInterface device) {
        try {
            return device.isLoopback();
        } catch (SocketException e) {
            return true; // it went away meanwhile
        }
    }

    /** Returns the addresses with IFA_F_TEMPORARY ({@code linux/if_addr.h}). */
    private static Set<Address> temporary() throws IOException {
        if (!Files.exists(IPV6_ADDRESSES)) {
            return Set.of(); // a host without IPv6
        }
        try (Stream<String> lines = Files.lines(IPV6_ADDRESSES)) {
            return lines.map(line -> line.split(" +")) // address, interface, prefix length, scope, flags, name
                    .filter(fields -> (Integer.parseInt(fields[4], 16) & TEMPORARY) != 0)
                    .map(fields -> new Address(
                            Long.parseUnsignedLong(fields[0], 0, 16, 16),
                            Long.parseUnsignedLong(fields[0], 16, 32, 16)))
                    .collect(Collectors.toSet());
        }
    }

    private static boolean isReachable(InterfaceAddress own) {
        InetAddress address = own.getAddress();
        return !address.isLoopbackAddress() && !address.isLinkLocalAddress();
    }

    private static Address parse(InetAddress address) {
        return Address.parse(address.getHostAddress().replaceFirst("%.*", ""));
    }
}

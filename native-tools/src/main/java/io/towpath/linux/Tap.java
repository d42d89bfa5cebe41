package io.towpath.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A TAP device ({@code linux/if_tun.h}) with virtio-net headers of 10 bytes and all offloads: frames of up to 64 KiB come and go whole, and
 * checksums may be left to the receiver. One file descriptor a queue, non-blocking. The device goes when the last descriptor is closed, unless it is made to {@link #persist}.
 */
public final class Tap implements AutoCloseable {
    /** Interface names are at most this long (IFNAMSIZ without the final 0). */
    public static final int NAME_LENGTH_MAX = 15;

    private static final Path DEVICE = Path.of("/dev/net/tun");
    // linux/if_tun.h
    private static final long TUNSETIFF = 0x4004_54CAL;
    private static final long TUNSETPERSIST = 0x4004_54CBL;
    private static final long TUNSETOFFLOAD = 0x4004_54D0L;
    private static final long TUNSETVNETHDRSZ = 0x4004_54D8L;
    private static final int IFF_TAP = 0x0002;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFF_VNET_HDR = 0x4000;
    private static final int IFF_MULTI_QUEUE = 0x0100;
    private static final int OFFLOAD_CSUM = 0x01;
    private static final int OFFLOAD_TSO4 = 0x02;
    private static final int OFFLOAD_TSO6 = 0x04;
    private static final int OFFLOAD_TSO_ECN = 0x08;
    private static final int OFFLOAD_USO4 = 0x20;
    private static final int OFFLOAD_USO6 = 0x40;
    private static final int VNET_HEADER_BYTES = 10;
    private static final int IFREQ_BYTES = 40;
    private static final int IFREQ_FLAGS = 16;

    private final String name;
    private final List<Fd> queues;
    private final boolean hasUdpSegmentation;

    private Tap(String name, List<Fd> queues, boolean hasUdpSegmentation) {
        this.name = name;
        this.queues = queues;
        this.hasUdpSegmentation = hasUdpSegmentation;
    }

    /**
     * Creates a device, or attaches to one of that name that nobody has open.
     *
     * @throws LinuxException that says what to do
     */
    public static Tap open(String name, int queueCount) {
        if (name.isEmpty() || name.getBytes(StandardCharsets.UTF_8).length > NAME_LENGTH_MAX) {
            throw new LinuxException("interface name must be 1 to " + NAME_LENGTH_MAX + " bytes: '" + name + "'");
        }
        List<Fd> queues = new ArrayList<>();
        try {
            boolean hasUdpSegmentation = true;
            for (int i = 0; i < queueCount; i++) {
                Fd queue = openQueue(name, queueCount > 1);
                queues.add(queue);
                hasUdpSegmentation &= offload(queue, name);
            }
            return new Tap(name, List.copyOf(queues), hasUdpSegmentation);
        } catch (RuntimeException e) {
            queues.forEach(Fd::close);
            throw e;
        }
    }

    private static Fd openQueue(String name, boolean multiQueue) {
        int number = Fd.open(DEVICE, Fd.O_RDWR | Fd.O_NONBLOCK);
        if (number < 0) {
            throw switch (-number) {
                case Errno.EACCES, Errno.EPERM -> noPermission(-number);
                case Errno.ENOENT ->
                    new LinuxException("no " + DEVICE + ": load the tun module (modprobe tun)", -number);
                default -> new LinuxException("opening " + DEVICE, -number);
            };
        }
        Fd fd = new Fd(number);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(IFREQ_BYTES);
            byte[] text = name.getBytes(StandardCharsets.UTF_8);
            MemorySegment.copy(text, 0, request, JAVA_BYTE, 0, text.length);
            int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (multiQueue ? IFF_MULTI_QUEUE : 0);
            request.set(JAVA_SHORT, IFREQ_FLAGS, (short) flags);
            check(fd.ioctl(TUNSETIFF, request), name);
            MemorySegment size = arena.allocate(JAVA_INT);
            size.set(JAVA_INT, 0, VNET_HEADER_BYTES);
            check(fd.ioctl(TUNSETVNETHDRSZ, size), name);
            return fd;
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** Asks for super-frames. Returns whether there will be such of UDP, which kernels before 6.2 do not know. */
    private static boolean offload(Fd fd, String name) {
        int offloads = OFFLOAD_CSUM | OFFLOAD_TSO4 | OFFLOAD_TSO6 | OFFLOAD_TSO_ECN;
        if (fd.ioctl(TUNSETOFFLOAD, offloads | OFFLOAD_USO4 | OFFLOAD_USO6) >= 0) {
            return true;
        }
        check(fd.ioctl(TUNSETOFFLOAD, offloads), name);
        return false;
    }

    private static void check(int result, String name) {
        if (result >= 0) {
            return;
        }
        throw switch (-result) {
            case Errno.EPERM, Errno.EACCES -> noPermission(-result);
            case Errno.EBUSY, Errno.EEXIST ->
                new LinuxException(
                        "TAP device " + name + " is in use: choose another name, or stop the process that has it",
                        -result);
            case Errno.EINVAL ->
                new LinuxException(
                        "device " + name
                                + " exists and is no TAP with these queues: choose another name, or delete it with: ip link del "
                                + name,
                        -result);
            default -> new LinuxException("setting up TAP device " + name, -result);
        };
    }

    private static LinuxException noPermission(int errno) {
        return new LinuxException(
                "no permission for TAP devices: run as root, or with the capability CAP_NET_ADMIN", errno);
    }

    public String name() {
        return name;
    }

    /** Returns whether super-frames of UDP datagrams may come, and may be sent. */
    public boolean hasUdpSegmentation() {
        return hasUdpSegmentation;
    }

    /** Whether the device outlives its last descriptor, with its addresses and routes. */
    public void persist(boolean persistent) {
        check(queues.getFirst().ioctl(TUNSETPERSIST, persistent ? 1 : 0), name);
    }

    /** Returns the descriptor of a queue; frames on it have a virtio-net header in front. */
    public Fd queue(int number) {
        return queues.get(number);
    }

    @Override
    public void close() {
        queues.forEach(Fd::close);
    }
}

package io.towpath.nat;

import io.towpath.maps.IdAllocator;
import io.towpath.maps.WordMap;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/**
 * Brings the service maps from one desired state to the next. Only what differs is written; connections that exist are not touched.
 * Control thread only.
 *
 * <p>A changed service port gets a new block, which its virtual addresses are then pointed at one by one; a reader has the old version or
 * the new one, whole. Addresses are taken away when all others are published, so that one that moves to another service is never without one.
 */
public final class ServiceWriter {
    private final ServiceMaps maps;
    private final IdAllocator serviceIds;
    private final IdAllocator backendIds;
    private final Consumer<String> warnings;
    private final Map<ServicePort.Key, Installed> installed = new HashMap<>();
    private final Map<Integer, Installed> byId = new HashMap<>();
    private final Map<ServicePort.Key, ServicePort> refused = new LinkedHashMap<>();
    private final Map<Address, Integer> clusterIps = new HashMap<>();
    private List<Prefix> serviceCidrs = List.of();
    private List<Prefix> wantedCidrs = List.of();
    private boolean udpEndpointsChanged;

    /** What the maps hold of a service port. */
    private static final class Installed {
        final int serviceId;
        final Map<BackendAddress, Integer> backends = new HashMap<>();
        ServicePort port;
        long block;
        long blockBytes;
        Table clusterTable = Table.NONE;
        Table localTable = Table.NONE;

        Installed(int serviceId) {
            this.serviceId = serviceId;
        }

        Version version() {
            return new Version(port, block, blockBytes, List.of(clusterTable, localTable));
        }
    }

    /** What readers of a service port see at one time. */
    private record Version(ServicePort port, long block, long bytes, List<Table> tables) {}

    /** A scheduler's table in a block of its own. */
    private record Table(long block, long bytes) {
        static final Table NONE = new Table(0, 0);
    }

    /** @param warnings told what could not be written, one line each */
    public ServiceWriter(ServiceMaps maps, Consumer<String> warnings) {
        this.maps = maps;
        this.warnings = warnings;
        this.serviceIds = new IdAllocator((int) maps.names().capacity(), maps.quiescence());
        this.backendIds = new IdAllocator(maps.backendCounters().capacity(), maps.quiescence());
    }

    /** Applies a desired state. Returns the number of service ports that were added, changed or removed. */
    public int apply(DesiredState state) {
        Set<ServicePort.Key> wanted = HashSet.newHashSet(state.servicePorts().size());
        state.servicePorts().forEach(port -> wanted.add(port.key()));
        List<ServicePort.Key> gone = new ArrayList<>(installed.keySet());
        gone.removeIf(wanted::contains);
        refused.keySet().retainAll(wanted);
        return apply(new DesiredChange(state.servicePorts(), gone, Optional.of(state.nodeFacts())));
    }

    /**
     * Applies a change at a cost that grows with the change only. Returns the number of service ports that were added, changed or removed.
     * What did not fit before is tried again.
     */
    public int apply(DesiredChange change) {
        Map<ServicePort.Key, ServicePort> wanted = new LinkedHashMap<>(refused);
        change.changed().forEach(port -> wanted.put(port.key(), port));
        change.removed().forEach(wanted::remove);
        refused.clear();
        int changes = 0;
        List<Version> losing = new ArrayList<>();
        for (ServicePort port : wanted.values()) {
            changes += update(port, losing);
        }
        losing.forEach(this::discard);
        for (ServicePort.Key key : change.removed()) {
            if (installed.containsKey(key)) {
                remove(key);
                changes++;
            }
        }
        change.nodeFacts().ifPresent(facts -> wantCidrs(facts.serviceCidrs()));
        finish();
        return changes;
    }

    /**
     * Writes a service port.
     *
     * @param losing gets what is replaced where it has addresses that the new version has not, and another service may have now
     * @return the number of changes: 0 or 1
     */
    private int update(ServicePort port, List<Version> losing) {
        Installed now = installed.get(port.key());
        if (now != null && now.port.equals(port)) {
            return 0;
        }
        install(now, port, losing);
        Installed after = installed.get(port.key());
        if (after == null || !after.port.equals(port)) {
            refused.put(port.key(), port);
            return 0;
        }
        return 1;
    }

    /** A change that does not fit is named and leaves what is there. */
    private void wantCidrs(List<Prefix> cidrs) {
        if (cidrs.size() > ServiceMaps.CIDRS) {
            warnings.accept(
                    "ServiceCIDRs keep their last state: " + cidrs.size() + " are more than " + ServiceMaps.CIDRS);
        } else {
            wantedCidrs = cidrs;
        }
    }

    /** Does what a worker's reading put off; to be called now and then. */
    public void finish() {
        if (!serviceCidrs.equals(wantedCidrs)) {
            Map<Prefix, Long> values = new HashMap<>();
            wantedCidrs.forEach(cidr -> values.put(cidr, 1L));
            if (maps.serviceCidrs().replaceAll(values)) {
                serviceCidrs = wantedCidrs;
            }
        }
    }

    private void install(Installed known, ServicePort port, List<Version> losing) {
        Installed target = known;
        if (target == null) {
            int id = serviceIds.allocate();
            if (id == 0) {
                warnings.accept("service " + port.name() + " is left out: the service table is full");
                return;
            }
            target = new Installed(id);
            ServiceNames.write(maps.names(), id, port.name());
        }
        Map<BackendAddress, Integer> ids = backendIds(target, port);
        List<Prefix> ranges = sourceRanges(port);
        long bytes = ServiceBlock.bytes(port, ranges.size());
        long block = bytes > io.towpath.maps.BlockStore.BLOCK_MAX
                ? 0
                : maps.blockStore().allocate(bytes);
        if (block == 0) {
            warnings.accept("service " + port.name() + " keeps its last state: no room for "
                    + port.clusterBackends().size() + " backends");
            ids.forEach((backend, id) -> {
                if (known == null || !known.backends.containsKey(backend)) {
                    backendIds.release(id);
                }
            });
            if (known == null) {
                serviceIds.release(target.serviceId);
            }
            return;
        }
        Table clusterTable = table(port, port.clusterBackends());
        Table localTable = table(port, port.localBackends());
        ServiceBlock.write(
                maps.blocks(),
                block,
                port,
                target.serviceId,
                ids::get,
                ranges,
                clusterTable.block(),
                localTable.block());
        ServicePort old = target.port;
        noteUdpChange(old, port);
        publish(port, block);
        if (old != null) {
            Version replaced = target.version();
            if (vipKeys(port).containsAll(vipKeys(old))) {
                discard(replaced); // at once: room for the next one
            } else {
                losing.add(replaced);
            }
        }
        target.backends.forEach((backend, id) -> {
            if (!ids.containsKey(backend)) {
                backendIds.release(id);
            }
        });
        target.backends.clear();
        target.backends.putAll(ids);
        target.port = port;
        target.block = block;
        target.blockBytes = bytes;
        target.clusterTable = clusterTable;
        target.localTable = localTable;
        installed.put(port.key(), target);
        byId.put(target.serviceId, target);
    }

    private Map<BackendAddress, Integer> backendIds(Installed target, ServicePort port) {
        Map<BackendAddress, Integer> ids = new HashMap<>();
        for (List<BackendAddress> set : List.of(port.clusterBackends(), port.localBackends(), port.servingBackends())) {
            for (BackendAddress backend : set) {
                ids.computeIfAbsent(backend, b -> {
                    Integer known = target.backends.get(b);
                    return known != null ? known : backendIds.allocate();
                });
            }
        }
        return ids;
    }

    /** kube-proxy has one list of ranges a service, so all its restricted addresses share it. */
    private static List<Prefix> sourceRanges(ServicePort port) {
        return port.vips().stream()
                .flatMap(vip -> vip.sourceRanges().stream())
                .distinct()
                .toList();
    }

    /** Builds what the scheduler looks up, if anything. */
    private Table table(ServicePort port, List<BackendAddress> backends) {
        if (backends.isEmpty()) {
            return Table.NONE;
        }
        int[] weights = backends.stream().mapToInt(port::weight).toArray();
        return switch (port.scheduler()) {
            case MH -> table(port, Maglev.table(backends, weights));
            case WRR -> port.weights().isEmpty() ? Table.NONE : table(port, WeightedOrder.of(weights));
            default -> Table.NONE;
        };
    }

    private Table table(ServicePort port, int[] indexes) {
        long bytes = ServiceBlock.tableBytes(indexes.length);
        long block = maps.blockStore().allocate(bytes);
        if (block == 0) {
            String instead = port.scheduler() == Scheduler.MH ? "at random" : "without weights";
            warnings.accept("service " + port.name() + " is balanced " + instead + ": no room for its table");
            return Table.NONE;
        }
        ServiceBlock.writeTable(maps.blocks(), block, indexes);
        return new Table(block, bytes);
    }

    private void publish(ServicePort port, long block) {
        WordMap vips = maps.vips();
        for (Vip vip : port.vips()) {
            Address address = vip.address();
            long key = VipValue.key(vip.port(), port.name().protocol().number());
            long old = vips.get(address.hi(), address.lo(), key);
            boolean wasClusterIp = old != 0 && !VipValue.isExternal(old);
            boolean isClusterIp = !vip.kind().isExternal();
            if (!vips.put(address.hi(), address.lo(), key, VipValue.of(vip, block))) {
                warnings.accept("address " + address.withPort(vip.port()) + " of service " + port.name()
                        + " is left out: the address table is full");
            } else if (isClusterIp && !wasClusterIp) {
                clusterIps.merge(address, 1, Integer::sum);
                vips.put(address.hi(), address.lo(), VipValue.ANY_PORT, VipValue.addressOnly());
            } else if (wasClusterIp && !isClusterIp) {
                forgetClusterIp(address);
            }
        }
    }

    private static Set<VipKey> vipKeys(ServicePort port) {
        Set<VipKey> keys = new HashSet<>();
        port.vips().forEach(vip -> keys.add(new VipKey(vip.address(), vip.port())));
        return keys;
    }

    private record VipKey(Address address, int port) {}

    /** Takes out the addresses that still lead to a version, then the version. */
    private void discard(Version old) {
        WordMap vips = maps.vips();
        ServicePort port = old.port();
        for (Vip vip : port.vips()) {
            Address address = vip.address();
            long key = VipValue.key(vip.port(), port.name().protocol().number());
            long value = vips.get(address.hi(), address.lo(), key);
            if (value == 0 || VipValue.block(value) != old.block()) {
                continue; // it has the new block already, or another service took it over
            }
            vips.remove(address.hi(), address.lo(), key);
            if (!VipValue.isExternal(value)) {
                forgetClusterIp(address);
            }
        }
        maps.blockStore().retire(old.block(), old.bytes());
        for (Table table : old.tables()) {
            if (table.block() != 0) {
                maps.blockStore().retire(table.block(), table.bytes());
            }
        }
    }

    private void forgetClusterIp(Address address) {
        Integer left = clusterIps.computeIfPresent(address, (a, count) -> count > 1 ? count - 1 : null);
        if (left == null) {
            maps.vips().remove(address.hi(), address.lo(), VipValue.ANY_PORT);
        }
    }

    private void remove(ServicePort.Key key) {
        Installed old = installed.remove(key);
        byId.remove(old.serviceId);
        noteUdpChange(old.port, null);
        discard(old.version());
        old.backends.values().forEach(backendIds::release);
        serviceIds.release(old.serviceId);
    }

    private void noteUdpChange(ServicePort before, ServicePort after) {
        Set<BackendAddress> served = before == null ? Set.of() : Set.copyOf(before.servingBackends());
        Set<BackendAddress> serves = after == null ? Set.of() : Set.copyOf(after.servingBackends());
        udpEndpointsChanged |= !served.equals(serves);
    }

    /** Returns whether endpoints of a UDP service port changed since the last call. */
    boolean takeUdpEndpointsChanged() {
        boolean changed = udpEndpointsChanged;
        udpEndpointsChanged = false;
        return changed;
    }

    /** Receives the UDP service ports, each with its id and those of its backends. */
    @FunctionalInterface
    interface UdpConsumer {
        void accept(int serviceId, ServicePort port, ToIntFunction<BackendAddress> backendIds);
    }

    void forEachUdp(UdpConsumer consumer) {
        for (Installed service : installed.values()) {
            if (service.port.name().protocol() == Protocol.UDP) {
                consumer.accept(service.serviceId, service.port, service.backends::get);
            }
        }
    }

    /** Returns the service port that has an id now, null where none has. */
    public ServicePort byId(int serviceId) {
        Installed found = byId.get(serviceId);
        return found == null ? null : found.port;
    }
}

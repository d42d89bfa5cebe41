package io.towpath.nat;

import io.towpath.maps.BlockStore;
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
 * Control thread only; made before workers run.
 *
 * <p>A changed service port gets a new block, which its virtual addresses are then pointed at one by one; a reader has the old version or
 * the new one, whole. Addresses are taken away when all others are published, so that one that moves to another service is never without one.
 */
public final class ServiceWriter {
    /** What found no room is tried again this often: others go, and the room they had is free when no worker reads it any more. */
    private static final long RETRY_NS = 1_000_000_000;
    /** Service ports of a retry at most. */
    private static final int RETRY_LIMIT = 64;

    private final ServiceMaps maps;
    private final VipWriter addresses;
    private final ServiceIds numbers;
    private final Consumer<String> warnings;
    private final Map<ServicePort.Key, Installed> installed = new HashMap<>();
    private final Map<Integer, Installed> byId = new HashMap<>();
    /** What the maps have no room for; who waits longest is first. */
    private final Map<ServicePort.Key, Refused> refused = new LinkedHashMap<>();

    private List<Prefix> serviceCidrs = List.of();
    private List<Prefix> wantedCidrs = List.of();
    private boolean udpEndpointsChanged;
    private boolean retryNow;
    private long triedAtNs;

    /** @param problem as it was said */
    private record Refused(ServicePort port, String problem) {}

    /** What the maps hold of a service port. */
    private static final class Installed {
        final int serviceId;
        final Map<BackendAddress, Integer> backends = new HashMap<>();
        ServicePort port;
        long block;
        long blockBytes;
        Table clusterTable = Table.NONE;
        Table localTable = Table.NONE;
        /** False where addresses are left out. */
        boolean isWhole;

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
        this.addresses = new VipWriter(maps.vips());
        this.warnings = warnings;
        this.numbers = new ServiceIds(maps);
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

    /** Applies a change at a cost that grows with the change only. Returns the number of service ports that were added, changed or removed. */
    public int apply(DesiredChange change) {
        int changes = 0;
        List<Version> losing = new ArrayList<>();
        for (ServicePort port : change.changed()) {
            changes += update(port, losing);
        }
        losing.forEach(this::discard);
        for (ServicePort.Key key : change.removed()) {
            refused.remove(key);
            if (installed.containsKey(key)) {
                remove(key);
                changes++;
            }
        }
        change.nodeFacts().ifPresent(facts -> wantCidrs(facts.serviceCidrs()));
        writeCidrs();
        retryNow = true;
        return changes;
    }

    /** Returns whether the maps are as they are to be. What can never fit is left out, and does not count. */
    public boolean isSettled() {
        return refused.isEmpty() && serviceCidrs.equals(wantedCidrs);
    }

    /**
     * Does what a worker's reading or a lack of room put off; to be called now and then.
     *
     * @return the number of service ports that there is room for now
     */
    public int finish(long nowNs) {
        writeCidrs();
        if (refused.isEmpty() || !retryNow && nowNs - triedAtNs < RETRY_NS) {
            return 0;
        }
        retryNow = false;
        triedAtNs = nowNs;
        int before = refused.size();
        List<Version> losing = new ArrayList<>();
        List<Refused> due = refused.values().stream().limit(RETRY_LIMIT).toList();
        due.forEach(waiting -> update(waiting.port(), losing)); // who finds no room goes to the end of the line
        losing.forEach(this::discard);
        return before - refused.size();
    }

    /**
     * Writes a service port.
     *
     * @param losing gets what is replaced where it has addresses that the new version has not, and another service may have now
     * @return the number of changes: 0 or 1
     */
    private int update(ServicePort port, List<Version> losing) {
        Installed now = installed.get(port.key());
        Refused before = refused.remove(port.key());
        boolean isKnown = now != null && now.port.equals(port);
        if (isKnown && now.isWhole) {
            return 0;
        }
        if (ServiceBlock.bytes(port, sourceRanges(port).size()) > BlockStore.BLOCK_MAX) {
            warnings.accept("service " + port.name() + " keeps its last state: "
                    + port.clusterBackends().size() + " backends are more than one service can have");
            return 0;
        }
        Optional<String> problem = isKnown ? publish(now) : install(now, port, losing);
        problem.ifPresent(text -> {
            if (before == null || !before.problem().equals(text)) {
                warnings.accept("service " + port.name() + " " + text);
            }
            refused.put(port.key(), new Refused(port, text));
        });
        return !isKnown && isInstalled(port) ? 1 : 0;
    }

    private boolean isInstalled(ServicePort port) {
        Installed now = installed.get(port.key());
        return now != null && now.port.equals(port);
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

    /** Does nothing while a worker may still read what is to be written over. */
    private void writeCidrs() {
        if (!serviceCidrs.equals(wantedCidrs)) {
            Map<Prefix, Long> values = new HashMap<>();
            wantedCidrs.forEach(cidr -> values.put(cidr, 1L));
            if (maps.serviceCidrs().replaceAll(values)) {
                serviceCidrs = wantedCidrs;
            }
        }
    }

    /** Returns what there is no room for, if anything. */
    private Optional<String> install(Installed known, ServicePort port, List<Version> losing) {
        Installed target = known != null ? known : new Installed(numbers.service(port.key()));
        if (target.serviceId == 0) {
            return Optional.of("is left out: the service table is full");
        }
        List<Prefix> ranges = sourceRanges(port);
        long bytes = ServiceBlock.bytes(port, ranges.size());
        long block = maps.blockStore().allocate(bytes);
        Map<BackendAddress, Integer> ids = block == 0 ? Map.of() : backendIds(target, port);
        if (block == 0 || ids.containsValue(0)) {
            giveBack(known, target.serviceId, ids, block, bytes);
            return Optional.of("keeps its last state: no room for "
                    + port.clusterBackends().size() + " backends");
        }
        Table clusterTable = table(port, port.clusterBackends());
        boolean usesLocal = port.vips().stream().anyMatch(Vip::localOnly);
        Table localTable = usesLocal ? table(port, port.localBackends()) : Table.NONE;
        ServiceBlock.write(
                maps.blocks(),
                block,
                port,
                target.serviceId,
                ids::get,
                ranges,
                clusterTable.block(),
                localTable.block());
        noteUdpChange(target.port, port);
        Version replaced = target.version();
        target.port = port;
        target.block = block;
        target.blockBytes = bytes;
        target.clusterTable = clusterTable;
        target.localTable = localTable;
        installed.put(port.key(), target);
        byId.put(target.serviceId, target);
        Optional<String> problem = publish(target);
        if (known != null) {
            discard(replaced, port, losing);
        }
        keepIds(target, ids);
        return problem;
    }

    private void giveBack(Installed known, int serviceId, Map<BackendAddress, Integer> ids, long block, long bytes) {
        if (block != 0) {
            maps.blockStore().retire(block, bytes);
        }
        ids.forEach((backend, id) -> {
            if (id != 0 && (known == null || !known.backends.containsKey(backend))) {
                numbers.releaseBackend(id);
            }
        });
        if (known == null) {
            numbers.releaseService(serviceId);
        }
    }

    private void keepIds(Installed service, Map<BackendAddress, Integer> ids) {
        service.backends.forEach((backend, id) -> {
            if (!ids.containsKey(backend)) {
                numbers.releaseBackend(id);
            }
        });
        service.backends.clear();
        service.backends.putAll(ids);
    }

    /** Discards what a new version replaced: at once where that is safe, so that there is room for the next one. */
    private void discard(Version replaced, ServicePort port, List<Version> losing) {
        if (vipKeys(port).containsAll(vipKeys(replaced.port()))) {
            discard(replaced);
        } else {
            losing.add(replaced);
        }
    }

    private Map<BackendAddress, Integer> backendIds(Installed target, ServicePort port) {
        Map<BackendAddress, Integer> ids = new HashMap<>();
        for (List<BackendAddress> set : List.of(port.clusterBackends(), port.localBackends(), port.servingBackends())) {
            for (BackendAddress backend : set) {
                ids.computeIfAbsent(backend, b -> {
                    Integer known = target.backends.get(b);
                    return known != null ? known : numbers.backend(target.serviceId, b);
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
            String instead = port.scheduler() == Scheduler.MH ? "by hash without a Maglev table" : "without weights";
            warnings.accept("service " + port.name() + " is balanced " + instead + ": no room for its table");
            return Table.NONE;
        }
        ServiceBlock.writeTable(maps.blocks(), block, indexes);
        return new Table(block, bytes);
    }

    /** Points the addresses of a service port at its block. Returns what there is no room for, if anything. */
    private Optional<String> publish(Installed service) {
        List<String> leftOut = addresses.publish(service.port, service.block);
        service.isWhole = leftOut.isEmpty();
        return service.isWhole
                ? Optional.empty()
                : Optional.of("is left out at " + leftOut.getFirst()
                        + (leftOut.size() > 1 ? " and " + (leftOut.size() - 1) + " other addresses" : "")
                        + ": the address table is full");
    }

    private static Set<VipKey> vipKeys(ServicePort port) {
        Set<VipKey> keys = new HashSet<>();
        port.vips().forEach(vip -> keys.add(new VipKey(vip.address(), vip.port())));
        return keys;
    }

    private record VipKey(Address address, int port) {}

    /** Takes out the addresses that still lead to a version, then the version. */
    private void discard(Version old) {
        addresses.unpublish(old.port(), old.block());
        maps.blockStore().retire(old.block(), old.bytes());
        for (Table table : old.tables()) {
            if (table.block() != 0) {
                maps.blockStore().retire(table.block(), table.bytes());
            }
        }
    }

    private void remove(ServicePort.Key key) {
        Installed old = installed.remove(key);
        byId.remove(old.serviceId);
        noteUdpChange(old.port, null);
        discard(old.version());
        old.backends.values().forEach(numbers::releaseBackend);
        numbers.releaseService(old.serviceId);
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

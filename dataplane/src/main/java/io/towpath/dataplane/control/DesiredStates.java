package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;
import io.towpath.dataplane.model.ClusterObject.EndpointSlice;
import io.towpath.dataplane.model.ClusterObject.Node;
import io.towpath.dataplane.model.ClusterObject.Service;
import io.towpath.dataplane.model.ClusterObject.ServiceCidr;
import io.towpath.nat.DesiredChange;
import io.towpath.nat.DesiredState;
import io.towpath.nat.NodeFacts;
import io.towpath.nat.ServicePort;
import io.towpath.nat.Vip;
import io.towpath.nat.VipKind;
import io.towpath.wire.Address;
import io.towpath.wire.Prefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Follows Kubernetes objects and says what changes in the desired state of the service maps. The work of a change grows with the Services
 * it concerns, not with the cluster; only a change of the node itself means everything anew. Control thread only.
 */
public final class DesiredStates implements ClusterEvents {
    private final ProxyConfig config;
    private final LocalNodes localNodes;

    private final ServiceIndex services = new ServiceIndex();
    private final NavigableMap<String, ServiceCidr> serviceCidrs = new TreeMap<>();
    private final Set<ClusterObject.Key> dirty = new LinkedHashSet<>();
    private boolean nodeChanged = true;
    private Node node;

    private final Map<ClusterObject.Key, Translated> translated = new LinkedHashMap<>();
    private final Claims claims = new Claims();
    private final Warnings warnings = new Warnings();
    private final NoLocalEndpoints noLocalEndpoints = new NoLocalEndpoints();
    private LocalNode localNode;
    private NodeFacts facts;
    private int servicePorts;

    /** What a Service came to. */
    private static final class Translated {
        final Claims.Claimant claimant;
        /** With all addresses that the Service asks for. */
        final ServiceTranslation.Result asked;
        /** With those that it got, as given to the writer. */
        List<ServicePort> granted = List.of();

        Translated(Claims.Claimant claimant, ServiceTranslation.Result asked) {
            this.claimant = claimant;
            this.asked = asked;
        }
    }

    /**
     * What is new since the last call.
     *
     * @param warnings what could not be taken over from the objects; each is said once as long as it lasts
     * @param servicePorts number of all service ports now
     */
    public record Changes(DesiredChange change, List<ObjectWarning> warnings, int servicePorts) {}

    /**
     * @param nodeName host name of this node; the configuration's hostnameOverride goes before it
     * @param ownAddresses of this node where no Node object of its name is known; the first of each family is the primary one
     */
    public DesiredStates(ProxyConfig config, String nodeName, List<Address> ownAddresses) {
        this.config = config;
        this.localNodes = new LocalNodes(config, nodeName, ownAddresses);
        services.follow(dirty::add);
    }

    /** Returns the Services and slices of this state, for others to read. */
    public ServiceIndex services() {
        return services;
    }

    /** Returns how many service ports lack an endpoint here, as of the last {@link #changes}. */
    public NoLocalEndpoints.Counts noLocalEndpoints() {
        return noLocalEndpoints.total();
    }

    /** Returns the name of this node as Node objects and endpoints have it. */
    public String nodeName() {
        return localNodes.name();
    }

    @Override
    public void upsert(ClusterObject object) {
        switch (object) {
            case Service service -> services.upsert(service);
            case EndpointSlice slice -> services.upsert(slice);
            case Node other -> {
                if (other.name().equals(localNodes.name())) {
                    node = other;
                    nodeChanged = true;
                }
            }
            case ServiceCidr cidr -> {
                serviceCidrs.put(cidr.name(), cidr);
                nodeChanged = true;
            }
        }
    }

    @Override
    public void delete(ClusterObject.Key key) {
        services.delete(key);
        if (node != null && node.key().equals(key)) {
            node = null;
            nodeChanged = true;
        }
        ServiceCidr cidr = serviceCidrs.get(key.name());
        if (cidr != null && cidr.key().equals(key)) {
            serviceCidrs.remove(key.name());
            warnings.replace(key, List.of());
            nodeChanged = true;
        }
    }

    /** Makes these all objects that there are. */
    public void replace(Collection<ClusterObject> objects) {
        Set<ClusterObject.Key> gone = services.keys();
        serviceCidrs.values().forEach(cidr -> gone.add(cidr.key()));
        if (node != null) {
            gone.add(node.key());
        }
        objects.forEach(object -> gone.remove(object.key()));
        gone.forEach(this::delete);
        objects.forEach(this::upsert);
    }

    /** Returns what is new since the last call; a change that was undone meanwhile is none. */
    public Changes changes() {
        Optional<NodeFacts> newFacts = nodeChanged ? updateNode() : Optional.empty();
        Set<ClusterObject.Key> affected = new LinkedHashSet<>(dirty);
        dirty.forEach(key -> translate(key, affected));
        dirty.clear();
        List<ServicePort> changed = new ArrayList<>();
        List<ServicePort.Key> removed = new ArrayList<>();
        affected.forEach(key -> grant(key, changed, removed));
        return new Changes(new DesiredChange(changed, removed, newFacts), warnings.take(), servicePorts);
    }

    /** Returns the whole desired state as of the last {@link #changes}. */
    public DesiredState state() {
        List<ServicePort> all = new ArrayList<>(servicePorts);
        translated.values().forEach(service -> all.addAll(service.granted));
        return new DesiredState(
                all, facts.serviceCidrs(), facts.nodeAddresses(), facts.localDetector(), facts.masqueradeAll());
    }

    private Optional<NodeFacts> updateNode() {
        nodeChanged = false;
        Node known = node != null ? node : localNodes.unknown();
        List<String> problems = new ArrayList<>();
        LocalNode newNode = localNodes.localNode(known, problems);
        Set<Prefix> cidrs = new LinkedHashSet<>();
        for (ServiceCidr cidr : serviceCidrs.values()) {
            List<String> ofCidr = new ArrayList<>();
            cidrs.addAll(LocalNodes.prefixes(cidr, ofCidr));
            warnings.replace(cidr.key(), ofCidr);
        }
        NodeFacts newFacts = localNodes.facts(known, newNode, cidrs, problems);
        warnings.replace(known.key(), problems);
        if (!newNode.equals(localNode)) {
            localNode = newNode;
            dirty.addAll(services.services());
        }
        boolean isSame = newFacts.equals(facts);
        facts = newFacts;
        return isSame ? Optional.empty() : Optional.of(newFacts);
    }

    /** Works out a Service anew; adds those whose addresses it takes or leaves. */
    private void translate(ClusterObject.Key key, Set<ClusterObject.Key> affected) {
        Translated old = translated.get(key);
        Service service = services.service(key);
        if (service == null && old == null) {
            return; // slices without a Service
        }
        Translated now = service != null
                ? translate(service)
                : new Translated(old.claimant, new ServiceTranslation.Result(List.of(), List.of()));
        if (old == null || !isSameClaim(old, now)) {
            if (old != null) {
                claims.withdraw(old.claimant, old.asked.ports(), affected);
            }
            claims.claim(now.claimant, now.asked.ports(), affected);
        }
        if (old != null) {
            now.granted = old.granted;
        }
        translated.put(key, now);
    }

    private Translated translate(Service service) {
        return new Translated(
                new Claims.Claimant(service.created(), service.key()),
                ServiceTranslation.of(service, services.slices(service.key()), localNode, config.scheduler()));
    }

    private static boolean isSameClaim(Translated old, Translated now) {
        List<ServicePort> before = old.asked.ports();
        List<ServicePort> after = now.asked.ports();
        if (before.size() != after.size() || !old.claimant.equals(now.claimant)) {
            return false;
        }
        for (int i = 0; i < before.size(); i++) {
            ServicePort a = before.get(i);
            ServicePort b = after.get(i);
            if (a.name().protocol() != b.name().protocol() || !a.vips().equals(b.vips())) {
                return false;
            }
        }
        return true;
    }

    /** Gives a Service the addresses that it asks for and no older one has. */
    private void grant(ClusterObject.Key key, List<ServicePort> changed, List<ServicePort.Key> removed) {
        Translated service = translated.get(key);
        if (service == null) {
            return; // slices without a Service
        }
        Set<String> problems = new LinkedHashSet<>(service.asked.warnings());
        Map<ServicePort.Key, ServicePort> before = new HashMap<>();
        service.granted.forEach(port -> before.put(port.key(), port));
        List<ServicePort> granted = new ArrayList<>();
        for (ServicePort asked : service.asked.ports()) {
            ServicePort port = withOwned(asked, service.claimant, problems);
            ServicePort old = before.remove(port.key());
            if (port.equals(old)) {
                granted.add(old);
            } else {
                granted.add(port);
                changed.add(port);
            }
        }
        removed.addAll(before.keySet());
        servicePorts += granted.size() - service.granted.size();
        service.granted = List.copyOf(granted);
        noLocalEndpoints.replace(key, services.service(key), service.granted);
        warnings.replace(key, problems);
        if (services.service(key) == null) {
            translated.remove(key);
        }
    }

    private ServicePort withOwned(ServicePort port, Claims.Claimant claimant, Set<String> problems) {
        List<Vip> owned = new ArrayList<>(port.vips().size());
        for (Vip vip : port.vips()) {
            Claims.Claimant owner =
                    claims.owner(Claims.Claim.of(vip, port.name().protocol()));
            if (owner.equals(claimant)) {
                owned.add(vip);
            } else {
                problems.add(conflict(port, vip, claimant, owner));
            }
        }
        return owned.size() == port.vips().size() ? port : port.withVips(owned);
    }

    private static String conflict(ServicePort port, Vip vip, Claims.Claimant claimant, Claims.Claimant owner) {
        boolean isNodePort = vip.kind() == VipKind.NODE_PORT;
        String field =
                switch (vip.kind()) {
                    case CLUSTER_IP -> "spec.clusterIPs";
                    case EXTERNAL_IP -> "spec.externalIPs";
                    case LOAD_BALANCER -> "status.loadBalancer.ingress";
                    case NODE_PORT -> "spec.ports.nodePort";
                };
        return claimant.service() + ": " + field + ": "
                + (isNodePort ? vip.port() : vip.address().withPort(vip.port())) + "/"
                + port.name().protocol() + " belongs to " + owner.service()
                + (owner.created().equals(claimant.created()) ? ", which goes before it by name" : ", which is older");
    }
}

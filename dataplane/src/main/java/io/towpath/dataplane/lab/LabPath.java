package io.towpath.dataplane.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A way through the lab that is tried over both families and protocols.
 *
 * @param to address by family (true: IPv6)
 * @param backend who is to answer
 * @param seen the source address that it is to see
 */
record LabPath(String name, Host from, Function<Boolean, String> to, int port, Host backend, Host seen) {

    String expected(boolean v6) {
        return backend.serverName() + " " + seen.address(v6);
    }

    /** Returns all paths through Services. */
    static List<LabPath> ofServices(LabNetwork lab, List<LabService> services) {
        Host a = lab.node(1).host();
        Host b = lab.node(2).host();
        Host a1 = lab.pod(1, 1);
        Host a3 = lab.pod(1, 3);
        List<LabPath> paths = new ArrayList<>();
        Adder add = new Adder(paths, services);
        add.cluster("pod -> ClusterIP, same node", a1, lab.pod(1, 2), a1);
        add.cluster("pod -> ClusterIP, other node", a1, lab.pod(2, 1), a1);
        add.cluster("pod -> ClusterIP, itself", a1, a1, a);
        add.cluster("pod -> ClusterIP, pod on bridge", a1, a3, a1);
        add.cluster("pod on bridge -> ClusterIP, same node", a3, a1, a3);
        add.cluster("pod on bridge -> ClusterIP, same bridge", a3, lab.pod(1, 4), a);
        add.cluster("pod on bridge -> ClusterIP, itself", a3, a3, a);
        add.cluster("pod on bridge -> ClusterIP, other node", a3, lab.pod(2, 3), a3);
        add.cluster("pod -> ClusterIP, host network", a1, a, a1);
        add.cluster("pod -> ClusterIP, host network of other node", a1, b, a);
        add.cluster("node -> ClusterIP, own pod", a, a1, a);
        add.cluster("node -> ClusterIP, own pod on bridge", a, a3, a);
        add.cluster("node -> ClusterIP, other node", a, lab.pod(2, 1), a);
        add.cluster("node -> ClusterIP, itself", a, a, a);
        LabService cluster = named(services, "cluster");
        LabService local = named(services, "local");
        Host client = lab.client();
        Host b1 = lab.pod(2, 1);
        add.nodePort("external -> NodePort, backend on other node", client, a, cluster, b1, a);
        add.nodePort("external -> NodePort, backend on that node", client, b, cluster, b1, b);
        add.nodePort("external -> NodePort, policy Local", client, a, local, a1, client);
        add.nodePort("external -> NodePort, policy Local, other node", client, b, local, b1, client);
        add.balancer("external -> LoadBalancer", client, cluster, b1, a);
        add.balancer("external -> LoadBalancer, policy Local", client, local, a1, client);
        add.nodePort("pod -> NodePort, own node", a1, a, cluster, b1, a);
        add.nodePort("pod -> NodePort, other node", a1, b, cluster, b1, b);
        add.nodePort("pod on bridge -> NodePort, own node", a3, a, cluster, b1, a);
        add.nodePort("node -> NodePort, own", a, a, cluster, b1, a);
        add.balancer("pod -> LoadBalancer", a1, cluster, b1, a);
        return paths;
    }

    /** Returns paths that are no Service's, and must not pass the engine. */
    static List<LabPath> untouched(LabNetwork lab) {
        Host a1 = lab.pod(1, 1);
        List<LabPath> paths = new ArrayList<>();
        paths.add(direct("pod -> pod, same node", a1, lab.pod(1, 2), a1));
        paths.add(direct("pod -> pod, other node", a1, lab.pod(2, 1), a1));
        paths.add(direct("pod on bridge -> pod, same bridge", lab.pod(1, 3), lab.pod(1, 4), lab.pod(1, 3)));
        paths.add(direct("pod -> outside", a1, lab.client(), lab.node(1).host()));
        paths.add(direct(
                "node -> pod, other node",
                lab.node(1).host(),
                lab.pod(2, 1),
                lab.node(1).host()));
        return paths;
    }

    private static LabPath direct(String name, Host from, Host to, Host seen) {
        return new LabPath(name, from, to::address, LabService.BACKEND_PORT, to, seen);
    }

    static LabService named(List<LabService> services, String name) {
        return services.stream().filter(s -> s.name().equals(name)).findFirst().orElseThrow();
    }

    private record Adder(List<LabPath> paths, List<LabService> services) {
        void cluster(String name, Host from, Host backend, Host seen) {
            LabService service = services.stream()
                    .filter(s -> !s.isExternal() && s.backends().getFirst().equals(backend))
                    .findFirst()
                    .orElseThrow();
            paths.add(new LabPath(name, from, service::clusterIp, LabService.PORT, backend, seen));
        }

        void nodePort(String name, Host from, Host node, LabService service, Host backend, Host seen) {
            paths.add(new LabPath(name, from, node::address, service.nodePort(), backend, seen));
        }

        void balancer(String name, Host from, LabService service, Host backend, Host seen) {
            paths.add(new LabPath(name, from, service::balancerIp, LabService.PORT, backend, seen));
        }
    }
}

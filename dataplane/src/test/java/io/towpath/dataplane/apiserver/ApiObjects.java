package io.towpath.dataplane.apiserver;

/** Objects as an API server writes them, with {@code @V@} for the resource version. Everything is in namespace ns. */
final class ApiObjects {
    private ApiObjects() {}

    static String service(String name, String clusterIp) {
        return service(name, clusterIp, "");
    }

    /** @param annotations as JSON between braces */
    static String service(String name, String clusterIp, String annotations) {
        return """
                {"kind":"Service","apiVersion":"v1","metadata":{"namespace":"ns","name":"%s","resourceVersion":"@V@",\
                "creationTimestamp":"2026-01-01T00:00:00Z","annotations":{%s}},\
                "spec":{"clusterIP":"%s","clusterIPs":["%s"],"type":"ClusterIP","ports":[{"name":"p","port":80,"protocol":"TCP"}]}}""".formatted(name, annotations, clusterIp, clusterIp);
    }

    static String slice(String name, String service, String address) {
        return """
                {"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"namespace":"ns","name":"%s",\
                "resourceVersion":"@V@","labels":{"kubernetes.io/service-name":"%s"}},"addressType":"IPv4",\
                "ports":[{"name":"p","port":8080,"protocol":"TCP"}],"endpoints":[{"addresses":["%s"],\
                "conditions":{"ready":true},"nodeName":"node"}]}""".formatted(name, service, address);
    }

    /** @param spec as JSON between braces */
    static String node(String spec) {
        return """
                {"kind":"Node","apiVersion":"v1","metadata":{"name":"node","resourceVersion":"@V@"},"spec":{%s},\
                "status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"},{"type":"Hostname","address":"node"}]}}""".formatted(spec);
    }

    static String serviceCidr(String cidr) {
        return """
                {"kind":"ServiceCIDR","apiVersion":"networking.k8s.io/v1","metadata":{"name":"kubernetes",\
                "resourceVersion":"@V@"},"spec":{"cidrs":["%s"]}}""".formatted(cidr);
    }

    static String namespace() {
        return "{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"ns\"}}";
    }

    /** Returns an object as a client makes it. */
    static String unversioned(String json) {
        return json.replace(",\"resourceVersion\":\"@V@\"", "");
    }
}

package io.towpath.dataplane.apiserver;

import io.towpath.dataplane.model.ApiFields;
import io.towpath.dataplane.model.ClusterObject.Ingress;
import io.towpath.dataplane.model.ClusterObject.Port;
import io.towpath.dataplane.model.ClusterObject.Service;
import java.util.List;
import tools.jackson.core.JsonParser;

/** v1 Service; absent fields as {@code ManifestReader} takes them. */
final class ServiceFields implements KindFields {
    private String type = "ClusterIP";
    private String clusterIp = "";
    private List<String> clusterIps = List.of();
    private List<String> externalIps = List.of();
    private List<String> sourceRanges = List.of();
    private List<Port> ports = List.of();
    private List<Ingress> ingress = List.of();
    private String sessionAffinity = "None";
    private int affinitySeconds = ApiFields.AFFINITY_DEFAULT_S;
    private String internalTrafficPolicy = "Cluster";
    private String externalTrafficPolicy = "Cluster";
    private int healthCheckNodePort;

    @Override
    public void field(String name, JsonParser json) {
        switch (name) {
            case "spec" -> JsonFields.each(json, this::specField);
            case "status" ->
                ingress = JsonFields.only(
                        json,
                        "loadBalancer",
                        List.of(),
                        balancer -> JsonFields.only(
                                balancer,
                                "ingress",
                                List.of(),
                                entries -> JsonFields.list(entries, IngressFields::read)));
            default -> json.skipChildren();
        }
    }

    private void specField(String name, JsonParser json) {
        switch (name) {
            case "type" -> type = JsonFields.text(json, type).intern();
            case "clusterIP" -> clusterIp = JsonFields.text(json);
            case "clusterIPs" -> clusterIps = JsonFields.texts(json);
            case "externalIPs" -> externalIps = JsonFields.texts(json);
            case "loadBalancerSourceRanges" -> sourceRanges = JsonFields.texts(json);
            case "ports" -> ports = JsonFields.list(json, PortFields::read);
            case "sessionAffinity" ->
                sessionAffinity = JsonFields.text(json, sessionAffinity).intern();
            case "sessionAffinityConfig" -> affinitySeconds = affinitySeconds(json);
            case "internalTrafficPolicy" ->
                internalTrafficPolicy =
                        JsonFields.text(json, internalTrafficPolicy).intern();
            case "externalTrafficPolicy" ->
                externalTrafficPolicy =
                        JsonFields.text(json, externalTrafficPolicy).intern();
            case "healthCheckNodePort" -> healthCheckNodePort = JsonFields.number(json, 0);
            default -> json.skipChildren();
        }
    }

    private static int affinitySeconds(JsonParser json) {
        int absent = ApiFields.AFFINITY_DEFAULT_S;
        return JsonFields.only(
                json,
                "clientIP",
                absent,
                client -> JsonFields.only(
                        client, "timeoutSeconds", absent, seconds -> JsonFields.number(seconds, absent)));
    }

    @Override
    public Service object(MetadataFields metadata) {
        return new Service(
                metadata.namespaceOrDefault(),
                metadata.name,
                metadata.created,
                metadata.labels,
                metadata.annotations,
                type,
                clusterIps.isEmpty() && !clusterIp.isEmpty() ? List.of(clusterIp) : clusterIps,
                externalIps,
                ingress,
                sourceRanges,
                ports,
                sessionAffinity,
                affinitySeconds,
                internalTrafficPolicy,
                externalTrafficPolicy,
                healthCheckNodePort);
    }

    /** An element of spec.ports. */
    private static final class PortFields implements JsonFields.Target {
        private String name = "";
        private String protocol = "TCP";
        private int port;
        private int nodePort;

        static Port read(JsonParser json) {
            PortFields fields = new PortFields();
            JsonFields.each(json, fields);
            return new Port(fields.name, fields.protocol, fields.port, fields.nodePort);
        }

        @Override
        public void field(String field, JsonParser json) {
            switch (field) {
                case "name" -> name = JsonFields.text(json).intern();
                case "protocol" -> protocol = JsonFields.text(json, protocol).intern();
                case "port" -> port = JsonFields.number(json, 0);
                case "nodePort" -> nodePort = JsonFields.number(json, 0);
                default -> json.skipChildren();
            }
        }
    }

    /** An element of status.loadBalancer.ingress. */
    private static final class IngressFields implements JsonFields.Target {
        private String ip = "";
        private String ipMode = "VIP";

        static Ingress read(JsonParser json) {
            IngressFields fields = new IngressFields();
            JsonFields.each(json, fields);
            return new Ingress(fields.ip, fields.ipMode);
        }

        @Override
        public void field(String field, JsonParser json) {
            switch (field) {
                case "ip" -> ip = JsonFields.text(json);
                case "ipMode" -> ipMode = JsonFields.text(json, ipMode);
                default -> json.skipChildren();
            }
        }
    }
}

package io.towpath.dataplane.model;

import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;

/** Labels and defaults of the Kubernetes API that all readers of objects need. */
public final class ApiFields {
    /** Label of an EndpointSlice: its Service. */
    public static final String SERVICE_NAME = "kubernetes.io/service-name";

    /** Label of an EndpointSlice, any value: not for proxies. */
    public static final String HEADLESS = "service.kubernetes.io/headless";

    /** Annotation of an EndpointSlice: when that happened which led to its last change. */
    public static final String LAST_CHANGE_TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";

    /** Label of a Service, any value: another proxy's. */
    public static final String OTHER_PROXY = "service.kubernetes.io/service-proxy-name";

    /** Label of a Node. */
    public static final String ZONE = "topology.kubernetes.io/zone";

    /** sessionAffinityConfig.clientIP.timeoutSeconds where it is absent: 3 hours. */
    public static final int AFFINITY_DEFAULT_S = 10_800;

    private ApiFields() {}

    /** Returns milliseconds since 1970 of a time as the API writes it (RFC 3339), 0 where it is none. */
    public static long milliseconds(String time) {
        try {
            return time.isEmpty() ? 0 : OffsetDateTime.parse(time).toInstant().toEpochMilli();
        } catch (DateTimeParseException e) {
            return 0;
        }
    }

    /** Returns whether an address of a Node's status counts; host names do not. */
    public static boolean isNodeAddress(String type) {
        return type.equals("InternalIP") || type.equals("ExternalIP");
    }
}

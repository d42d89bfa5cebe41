package io.towpath.nat;

/** Where a virtual address of a Service comes from; decides about masquerade and policy. */
public enum VipKind {
    CLUSTER_IP,
    NODE_PORT,
    EXTERNAL_IP,
    LOAD_BALANCER;

    /** Returns whether externalTrafficPolicy and the external masquerade rules apply (else the internal ones). */
    public boolean isExternal() {
        return this != CLUSTER_IP;
    }
}

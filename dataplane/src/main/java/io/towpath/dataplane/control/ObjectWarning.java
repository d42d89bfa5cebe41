package io.towpath.dataplane.control;

import io.towpath.dataplane.model.ClusterObject;

/**
 * Something that is wrong with an object of the cluster.
 *
 * @param reason one word for programs, as in a Kubernetes Event
 * @param text one line for people that names object and field
 */
public record ObjectWarning(ClusterObject.Key object, String reason, String text) {
    /** A part of the object cannot be taken over as it is. */
    static final String MISCONFIGURED = "Misconfigured";
    /** A healthCheckNodePort has no server; kube-proxy's name for it. */
    public static final String NO_HEALTH_CHECK = "FailedToStartServiceHealthcheck";

    /** Returns it as something that is wrong on one node only. */
    public ObjectWarning onNode(String nodeName) {
        return new ObjectWarning(object, reason, text + " (on node " + nodeName + ")");
    }
}

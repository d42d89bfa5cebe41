package io.towpath.dataplane.apiserver;

import io.towpath.dataplane.control.ClusterSource;
import java.nio.file.Path;

/** Opens an API server's source for the command line. */
public final class ApiServerOpener {
    private static final String STATE_FILE = "cluster.json";

    private ApiServerOpener() {}

    /**
     * Checks the credentials.
     *
     * @param kubeconfig null takes the pod's service account
     * @param stateFolder where the last state is kept
     */
    public static ClusterSource.Opener of(Path kubeconfig, boolean needsPodCidrs, Path stateFolder)
            throws ApiServerException {
        ApiServerAccess access = kubeconfig != null
                ? ApiServerAccess.kubeconfig(kubeconfig)
                : ApiServerAccess.inCluster(System.getenv(), ApiServerAccess.SERVICE_ACCOUNT);
        Path stateFile = stateFolder.resolve(STATE_FILE);
        return (nodeName, log) ->
                new ApiServerSource(access, new ApiServerSource.Settings(nodeName, needsPodCidrs, stateFile), log);
    }
}

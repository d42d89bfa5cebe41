package io.towpath.nat;

import io.towpath.conntrack.Conntrack;
import io.towpath.conntrack.ConntrackWorker;
import io.towpath.conntrack.Entry;

/**
 * ClientIP session affinity: which backend of a service port a client got last. A memory is a template in the conntrack table, as IPVS keeps
 * its persistence (net/netfilter/ipvs/ip_vs_core.c, {@code ip_vs_sched_persist}): found, made and expired as connections are, shared by all
 * workers and by all addresses of the service port. One per worker.
 *
 * <p>Original tuple: the client, the service id, protocol {@link Entry#AFFINITY_TEMPLATE}; the reply tuple is its reverse.
 */
final class SessionAffinity {
    private static final long SECOND_NS = 1_000_000_000L;

    private final Conntrack conntrack;
    private final ConntrackWorker worker;

    SessionAffinity(Conntrack conntrack, ConntrackWorker worker) {
        this.conntrack = conntrack;
        this.worker = worker;
    }

    /** Returns the handle of a client's memory, negative where there is none. Good for this burst. */
    long lookup(int serviceId, long clientHi, long clientLo) {
        long hash = conntrack.index().hash(clientHi, clientLo, 0, serviceId, Entry.AFFINITY_TEMPLATE);
        return conntrack.index().lookup(hash, clientHi, clientLo, 0, serviceId, Entry.AFFINITY_TEMPLATE);
    }

    /** Returns the id of the backend that a memory is of. */
    int backendId(long handle) {
        return Entry.templateBackendId(Conntrack.entry(handle));
    }

    /** Returns whether the client's last new connection is longer ago. */
    boolean isOver(long handle, int timeoutSeconds, long nowNs) {
        return Entry.idleNs(Conntrack.entry(handle), nowNs) > timeoutSeconds * SECOND_NS;
    }

    /**
     * Remembers a client's backend from now on. Overwrites the worker's arguments of {@link Conntrack#create}.
     *
     * @param expectedId what the memory said when the backend was chosen, whether it was of use or not; 0 where there was none
     * @return the backend that counts: another one where another worker was faster. If the table is full nothing is remembered
     */
    int remember(
            int serviceId,
            long clientHi,
            long clientLo,
            int expectedId,
            int backendId,
            int timeoutSeconds,
            long nowNs) {
        long handle = lookup(serviceId, clientHi, clientLo);
        if (handle >= 0) {
            int found = Entry.templateBackendId(Conntrack.entry(handle));
            if (found == backendId && Entry.templateTimeoutSeconds(Conntrack.entry(handle)) == timeoutSeconds) {
                conntrack.refresh(handle, nowNs);
                return backendId;
            }
            if (found != backendId && found != expectedId) {
                return found; // another worker's, since then
            }
            conntrack.remove(worker, handle);
        }
        conntrack.makeRoomForTemplate(worker);
        worker.originalSourceHi = clientHi;
        worker.originalSourceLo = clientLo;
        worker.originalDestinationHi = 0;
        worker.originalDestinationLo = serviceId;
        worker.originalTransport = Entry.AFFINITY_TEMPLATE;
        worker.replySourceHi = 0;
        worker.replySourceLo = serviceId;
        worker.replyDestinationHi = clientHi;
        worker.replyDestinationLo = clientLo;
        worker.replyTransport = Entry.AFFINITY_TEMPLATE;
        worker.natFlags = 0;
        worker.templateSeconds = timeoutSeconds;
        worker.deltas = backendId;
        worker.serviceId = serviceId;
        worker.backendId = 0; // it is no connection of the backend
        long created = conntrack.create(worker, nowNs);
        if (created == Conntrack.CONFLICT_ORIGINAL || created == Conntrack.CONFLICT_REPLY) {
            long winner = lookup(serviceId, clientHi, clientLo);
            return winner < 0 ? backendId : Entry.templateBackendId(Conntrack.entry(winner));
        }
        return backendId;
    }
}

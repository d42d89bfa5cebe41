package io.towpath.conntrack;

/**
 * How full the connection table is and what became of its entries since this process began, session affinity's templates included.
 *
 * @param entries that there are
 * @param capacity IPv4 entries at most
 * @param inserted entries that packets made
 * @param expired entries that were idle for too long
 * @param evicted entries that others took the place of
 */
public record ConntrackCounts(long entries, long capacity, long inserted, long expired, long evicted) {
    /** Sums what each thread counted: recent values, without stopping anybody. Any thread. */
    public static ConntrackCounts of(Conntrack table) {
        ConntrackWorker control = table.controlWorker(); // enters what an earlier process left
        long inserted = 0;
        long expired = 0;
        long evicted = 0;
        long ended = control.ended;
        for (int number = 0; number < control.number(); number++) {
            ConntrackWorker worker = table.worker(number);
            ended += worker.ended;
            inserted += worker.created;
            expired += worker.expired;
            evicted += worker.evicted;
        }
        long entries = Math.max(0, control.created + inserted - ended);
        return new ConntrackCounts(entries, table.pages().capacity(), inserted, expired, evicted);
    }
}

package io.towpath.conntrack;

/** Removes entries that were idle for too long. */
final class Sweeper {
    private final Conntrack table;
    private final EntryPages pages;
    private final Timeouts timeouts;
    private final int shares;

    /** @param shares workers that sweep, each its share of the pages */
    Sweeper(Conntrack table, EntryPages pages, Timeouts timeouts, int shares) {
        this.table = table;
        this.pages = pages;
        this.timeouts = timeouts;
        this.shares = shares;
    }

    int sweep(ConntrackWorker worker, long nowNs, int limit) {
        long top = pages.top();
        int removed = 0;
        for (int i = 0; i < limit; i++) {
            long page = worker.sweepPage * shares + worker.number() + 1;
            if (page >= top) {
                worker.sweepPage = 0;
                worker.sweepIndex = 0;
                break;
            }
            int family = pages.family(page);
            if (family == EntryPages.UNUSED || worker.sweepIndex >= pages.entries(page, family)) {
                worker.sweepPage++;
                worker.sweepIndex = 0;
                continue;
            }
            long entry = pages.address(EntryPages.number(page, worker.sweepIndex++, family));
            if (Entry.isLive(entry) && timeouts.expired(entry, nowNs) && table.remove(worker, entry)) {
                removed++;
            }
        }
        worker.expired += removed;
        return removed;
    }
}

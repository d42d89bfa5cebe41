package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Holds an answer back as long as its Retry-After says (RFC 9110 section 10.2.3, in seconds, as API servers send it). The library reads the
 * header, and then takes its own first interval nevertheless (AsyncUtils of 8.0.0).
 */
final class RetryAfter implements Interceptor {
    /** Below the time that a request may take. */
    private static final long LIMIT_S = 30;

    @Override
    public CompletableFuture<Boolean> afterFailure(
            BasicBuilder builder, HttpResponse<?> response, Interceptor.RequestTags tags) {
        long seconds = seconds(response.header("Retry-After"));
        return seconds == 0
                ? CompletableFuture.completedFuture(false)
                : CompletableFuture.supplyAsync(
                        () -> false, CompletableFuture.delayedExecutor(seconds, TimeUnit.SECONDS));
    }

    private static long seconds(String header) {
        try {
            return header == null ? 0 : Math.clamp(Long.parseLong(header.strip()), 0, LIMIT_S);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}

package io.towpath.dataplane.engine;

import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** With a rest that only a call ends: one that is lost hangs the test. */
@Timeout(30)
final class ControlRestTest {
    private final ControlRest rest = new ControlRest(Long.MAX_VALUE);

    @Test
    void shouldNotRestAfterACallDuringTheWork() {
        rest.onStart();
        rest.wake();
        LockSupport.park(); // a wait within the work takes the thread's permit

        rest.idle(0);
    }

    @Test
    void shouldEndTheRestAtACall() throws Exception {
        Thread control = Thread.ofPlatform().start(() -> {
            rest.onStart();
            rest.idle(0);
        });

        rest.wake();

        control.join();
    }

    @Test
    void shouldNotRestWhileThereIsWorkNorAtTheEnd() {
        rest.onStart();
        rest.idle(1);
        rest.end();
        rest.idle(0);
        rest.idle(0);
    }

    @Test
    void shouldRestBrieflyWhileAWorkerIsWaitedFor() {
        rest.onStart();
        rest.shorten();

        rest.idle(0);
    }
}

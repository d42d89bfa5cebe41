package io.towpath.dataplane.e2e;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;

/** A test with a real engine between real namespaces: needs root and a built {@code ./towpath}. */
@Tag("e2e")
@EnabledIf(
        value = "io.towpath.dataplane.demo.Network#isAllowed",
        disabledReason = "needs root: network namespaces and TAP devices")
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface EndToEnd {}

/**
 * Bindings to Linux by the foreign function interface, one class per kernel facility. Calls on the packet path return {@code -errno};
 * set-up calls throw {@link io.towpath.linux.LinuxException}.
 */
package io.towpath.linux;

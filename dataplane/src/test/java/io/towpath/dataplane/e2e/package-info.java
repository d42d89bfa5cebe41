/**
 * End-to-end tests: {@code ./towpath run} as a user starts it, between network namespaces, with real programs. A
 * {@link io.towpath.dataplane.e2e.NetworkRig} is one such set-up; its names are unique and it is always taken down.
 */
package io.towpath.dataplane.e2e;

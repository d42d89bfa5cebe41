/** Towpath dataplane. */
package io.towpath.dataplane;

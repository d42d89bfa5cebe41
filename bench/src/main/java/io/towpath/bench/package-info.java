/** JMH benchmarks of the packet path. */
package io.towpath.bench;

/** JMH benchmarks of the packet path and jcstress tests of the lock-free structures. */
package io.towpath.bench;

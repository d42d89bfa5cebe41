/** Wiring: the configuration file, workers and the control agent on their threads, what a running engine pins for other processes. */
package io.towpath.dataplane.engine;

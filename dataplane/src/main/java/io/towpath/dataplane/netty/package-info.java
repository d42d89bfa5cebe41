/** Netty's transport: for the sockets of all parts that serve or connect, and event loops for packet workers. */
package io.towpath.dataplane.netty;

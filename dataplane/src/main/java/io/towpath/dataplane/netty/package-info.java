/** What all parts that serve or use sockets have in common: Netty's transport. */
package io.towpath.dataplane.netty;

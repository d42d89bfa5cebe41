/** Small HTTP servers of the control side: Netty, one thread for each {@link io.towpath.dataplane.http.HttpServer}, whose handlers must not block. */
package io.towpath.dataplane.http;

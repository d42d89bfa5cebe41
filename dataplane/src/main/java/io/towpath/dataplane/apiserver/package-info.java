/**
 * The Kubernetes API server as the source of objects: what {@code docs/api-server.md} says.
 *
 * <pre>
 * informer threads                                      control thread
 * KindInformer -- Observed ------> PendingEvents ------> ApiServerSource --> ClusterEvents
 *      |                                                     |    |
 *      +-- ConnectionHealth &lt;-- answers and failures         |    +-- StateSaver --> StateFile
 *               +--------------------------------------------+ one line for each change
 * </pre>
 *
 * fabric8's informers list, watch, resume and back off; this package keeps the compact records only, and decides what is in force.
 */
package io.towpath.dataplane.apiserver;

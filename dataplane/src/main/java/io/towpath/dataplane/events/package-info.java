/**
 * Kubernetes Events about objects that are not in force as they are written, for those who look at the object and not into a node's log.
 *
 * <pre>
 * control thread                          thread "events"
 * ObjectWarning --> EventWriter: queue --> EventLimit --> SaidEvents --> API server
 *                            full: lost          too many: lost      refused: lost
 * </pre>
 */
package io.towpath.dataplane.events;

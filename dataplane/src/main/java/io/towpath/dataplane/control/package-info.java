/** From Kubernetes objects to the desired state of the service maps. Control thread only; may allocate, block and log. */
package io.towpath.dataplane.control;

/** The Kubernetes objects that a data plane needs, reduced to the fields it needs, and how manifests are read. Control thread only. */
package io.towpath.dataplane.model;

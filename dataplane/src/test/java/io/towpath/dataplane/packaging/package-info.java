/** The image and what {@code deploy/} says of it: read as an API server and a container runtime would. */
package io.towpath.dataplane.packaging;

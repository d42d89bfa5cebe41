/** Towpath maps. */
package io.towpath.maps;

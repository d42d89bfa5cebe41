/** Towpath bench. */
package io.towpath.bench;

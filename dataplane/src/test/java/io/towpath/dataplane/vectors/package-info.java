/**
 * Builds the case folders in {@code src/main/resources/vectors}. What must come out is built by the rules, from headers written byte by byte;
 * the engine and its codecs have no part in it.
 */
package io.towpath.dataplane.vectors;

/**
 * What a frame is: the parse stage, the burst that carries its result, verdicts and reasons, and the frames that a router answers with.
 * Worker threads only.
 */
package io.towpath.packet;

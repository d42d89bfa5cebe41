/** Header codecs. */
package io.towpath.wire;

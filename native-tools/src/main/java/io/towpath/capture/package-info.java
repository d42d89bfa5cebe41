/** Capture files: pcap and pcapng in, pcapng out. Not for the packet path. */
package io.towpath.capture;

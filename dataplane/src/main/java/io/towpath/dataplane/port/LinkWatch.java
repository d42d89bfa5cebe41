package io.towpath.dataplane.port;

import io.towpath.linux.Errno;
import io.towpath.packet.Reason;

/** Follows a device by what its queue's reads and writes return. The worker writes; any thread reads. */
final class LinkWatch {
    /** Written where it changes only, so that a packet costs no store. */
    private volatile LinkState state = LinkState.UP;

    LinkState state() {
        return state;
    }

    boolean isGone() {
        return state == LinkState.GONE;
    }

    /** A frame came or went, or the device is another one. */
    void up() {
        if (state != LinkState.UP) {
            state = LinkState.UP;
        }
    }

    void gone() {
        state = LinkState.GONE;
    }

    /**
     * Takes over why a write failed, and returns it as the frame's reason.
     *
     * @param error negative ({@code drivers/net/tun.c}: EIO from a device that is down, EBADFD from a queue without one)
     */
    Reason onWriteError(int error) {
        return switch (-error) {
            case Errno.EAGAIN, Errno.ENOBUFS, Errno.ENOMEM -> Reason.EGRESS_FULL;
            case Errno.EBADFD -> {
                gone();
                yield Reason.EGRESS_FAILED;
            }
            case Errno.EIO -> {
                if (state == LinkState.UP) {
                    state = LinkState.DOWN;
                }
                yield Reason.EGRESS_FAILED;
            }
            default -> Reason.EGRESS_FAILED;
        };
    }
}

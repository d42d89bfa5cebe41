package io.towpath.dataplane.vectors;

import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * An ICMP error, to be sent about packets of a connection.
 *
 * @param word second word of its header
 * @param most bytes of the packet that are quoted
 * @param form of the quoted packet
 * @param outerForm of the error itself
 * @param extension what follows the quote, which is then padded (RFC 4884 section 4); empty for none
 */
record IcmpError(
        int type, int code, int word, int most, UnaryOperator<Ip> form, UnaryOperator<Ip> outerForm, byte[] extension) {
    /** Hops that a quoted packet had left. */
    private static final int QUOTED_HOPS = 62;
    /** RFC 4884 section 4.1: what a quote is padded to at least before extensions. */
    private static final int PADDED = 128;

    static IcmpError of(int type, int code, int word) {
        return new IcmpError(
                type, code, word, Integer.MAX_VALUE, UnaryOperator.identity(), UnaryOperator.identity(), new byte[0]);
    }

    IcmpError quoting(int bytes) {
        return new IcmpError(type, code, word, bytes, form, outerForm, extension);
    }

    IcmpError forms(UnaryOperator<Ip> outer, UnaryOperator<Ip> quoted) {
        return new IcmpError(type, code, word, most, quoted, outer, extension);
    }

    IcmpError extension(byte[] bytes) {
        return new IcmpError(type, code, word, most, form, outerForm, bytes);
    }

    /** About a request as the backend's side sees it: from there to the client. */
    Flow.Change toClient(Flow flow, String from, L4.Maker maker) {
        byte[] quoted = quote(flow.requestAfter(maker));
        byte[] shown = withSumOf(quoted, quote(flow.requestBefore(maker)), flow.requestBefore(maker));
        return new Flow.Change(
                error(from, flow.masquerade(), quoted),
                error(flow.vip(), flow.client(), shown).forwarded());
    }

    /** About a reply as the client's side sees it: from there to the backend. Its source is translated only where that of a request is. */
    Flow.Change toBackend(Flow flow, String from, L4.Maker maker) {
        byte[] quoted = quote(flow.replyAfter(maker));
        byte[] shown = withSumOf(quoted, quote(flow.replyBefore(maker)), flow.replyBefore(maker));
        boolean masqueraded = !flow.masquerade().equals(flow.client());
        return new Flow.Change(
                error(from, flow.vip(), quoted),
                error(masqueraded ? flow.masquerade() : from, flow.backend(), shown)
                        .forwarded());
    }

    /** Returns an error from a source to a destination that quotes bytes. */
    Ip error(String from, String to, byte[] quoted) {
        return outerForm.apply(
                Ip.of(from, to, L4.icmp(type, code, word(quoted, from), Bytes.concat(quoted, extension))));
    }

    private int word(byte[] quoted, String from) {
        if (extension.length == 0) {
            return word;
        }
        boolean ipv6 = from.indexOf(':') >= 0;
        return ipv6 ? quoted.length / 8 << 24 | word : quoted.length / 4 << 16 | word;
    }

    private byte[] quote(Ip packet) {
        byte[] quoted = form.apply(packet.hops(QUOTED_HOPS)).quote(most);
        return extension.length == 0 ? quoted : Arrays.copyOf(quoted, Math.max(PADDED, quoted.length + 7 & ~7));
    }

    /** A quoted SCTP checksum stays as it is: it covers what is not there, and nobody checks it. */
    private byte[] withSumOf(byte[] quoted, byte[] shown, Ip packet) {
        if (packet.l4().protocol() == L4.SCTP) {
            int at = form.apply(packet).headerLength() + 8;
            for (int i = at; i < Math.min(at + 4, shown.length); i++) {
                shown[i] = quoted[i];
            }
        }
        return shown;
    }
}

package io.towpath.wire;

/** Text forms of addresses: RFC 4291 section 2.2 in, RFC 5952 out. Not for the packet path. */
final class AddressText {
    private static final int GROUPS = 8;

    private AddressText() {}

    static Address parse(String text, boolean sloppy) {
        try {
            return text.indexOf(':') < 0 ? Address.ofIpv4(parseIpv4(text, sloppy)) : parseIpv6(text, sloppy);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("not an IP address: '" + text + "'", e);
        }
    }

    private static int parseIpv4(String text, boolean sloppy) {
        String[] octets = text.split("\\.", -1);
        if (octets.length != 4) {
            throw new NumberFormatException("4 octets expected");
        }
        int address = 0;
        for (String octet : octets) {
            address = address << 8 | parseOctet(octet, sloppy);
        }
        return address;
    }

    private static int parseOctet(String octet, boolean sloppy) {
        boolean leadingZero = octet.length() > 1 && octet.charAt(0) == '0';
        if (octet.isEmpty() || leadingZero && !sloppy || !octet.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new NumberFormatException("octet expected: " + octet);
        }
        int value = Integer.parseInt(octet);
        if (value > 255) {
            throw new NumberFormatException("octet above 255: " + octet);
        }
        return value;
    }

    private static Address parseIpv6(String text, boolean sloppy) {
        int gap = text.indexOf("::");
        int[] groups = new int[GROUPS];
        if (gap < 0) {
            if (parseGroups(text, groups, 0, sloppy) != GROUPS) {
                throw new NumberFormatException("8 groups expected");
            }
        } else {
            int[] tail = new int[GROUPS];
            int before = parseGroups(text.substring(0, gap), groups, 0, sloppy);
            int after = parseGroups(text.substring(gap + 2), tail, 0, sloppy);
            if (before + after >= GROUPS) {
                throw new NumberFormatException("no room for ::");
            }
            System.arraycopy(tail, 0, groups, GROUPS - after, after);
        }
        long hi = 0;
        long lo = 0;
        for (int i = 0; i < 4; i++) {
            hi = hi << 16 | groups[i];
            lo = lo << 16 | groups[i + 4];
        }
        return new Address(hi, lo);
    }

    private static int parseGroups(String text, int[] groups, int at, boolean sloppy) {
        if (text.isEmpty()) {
            return at;
        }
        int next = at;
        String[] parts = text.split(":", -1);
        for (int i = 0; i < parts.length; i++) {
            boolean embeddedIpv4 = i == parts.length - 1 && parts[i].indexOf('.') >= 0;
            if (next + (embeddedIpv4 ? 2 : 1) > GROUPS) {
                throw new NumberFormatException("more than 8 groups");
            }
            if (embeddedIpv4) {
                int address = parseIpv4(parts[i], sloppy);
                groups[next++] = address >>> 16;
                groups[next++] = address & 0xFFFF;
            } else {
                groups[next++] = parseGroup(parts[i]);
            }
        }
        return next;
    }

    private static int parseGroup(String text) {
        if (text.isEmpty() || text.length() > 4 || !text.chars().allMatch(c -> Character.digit(c, 16) >= 0)) {
            throw new NumberFormatException("group expected: " + text);
        }
        return Integer.parseInt(text, 16);
    }

    static String format(long hi, long lo) {
        if (Address.isIpv4(hi, lo)) {
            return (lo >>> 24 & 255) + "." + (lo >>> 16 & 255) + "." + (lo >>> 8 & 255) + "." + (lo & 255);
        }
        int[] groups = new int[GROUPS];
        for (int i = 0; i < 4; i++) {
            groups[i] = (int) (hi >>> 48 - 16 * i) & 0xFFFF;
            groups[i + 4] = (int) (lo >>> 48 - 16 * i) & 0xFFFF;
        }
        int gapStart = -1;
        int gapLength = 1; // RFC 5952 section 4.2.2: a single zero group is not shortened
        for (int i = 0; i < GROUPS; i++) {
            int end = i;
            while (end < GROUPS && groups[end] == 0) {
                end++;
            }
            if (end - i > gapLength) {
                gapStart = i;
                gapLength = end - i;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < GROUPS; i++) {
            if (i == gapStart) {
                text.append("::");
                i += gapLength - 1;
            } else {
                text.append(text.isEmpty() || text.charAt(text.length() - 1) == ':' ? "" : ":");
                text.append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }
}

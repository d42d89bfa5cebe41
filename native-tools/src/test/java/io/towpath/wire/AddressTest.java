package io.towpath.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetAddress;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AddressTest {
    @ParameterizedTest
    @CsvSource({
        "10.0.0.1,10.0.0.1",
        "::,::",
        "::1,::1",
        "2001:db8:0:0:1:0:0:1,2001:db8::1:0:0:1",
        "2001:DB8::0001,2001:db8::1",
        "1:0:2:3:4:5:6:7,1:0:2:3:4:5:6:7",
        "::ffff:1.2.3.4,1.2.3.4",
        "64:ff9b::1.2.3.4,64:ff9b::102:304",
        "fe80::,fe80::"
    })
    void shouldFormatAsRfc5952(String text, String canonical) {
        assertEquals(canonical, Address.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1.2.3",
                "1.2.3.256",
                "01.2.3.4",
                "1.2.3.4.5",
                ":::",
                "1::2::3",
                "1:2:3:4:5:6:7",
                "g::",
                "12345::"
            })
    void shouldRefuseWhatIsNoAddress(String text) {
        assertThrows(IllegalArgumentException.class, () -> Address.parse(text));
    }

    @Test
    void shouldReadLeadingZerosAsDecimalWhenSloppy() {
        assertEquals("10.0.0.8", Address.parseSloppy("010.000.0.08").toString());
    }

    @Property(tries = 500)
    void shouldAgreeWithTheJdkAndParseItsOwnText(@ForAll long hi, @ForAll long lo) throws Exception {
        Address address = new Address(hi, lo);
        String text = address.toString();

        assertEquals(address, Address.parse(text));
        if (address.isIpv6()) {
            assertEquals(address, Address.parse(InetAddress.getByName(text).getHostAddress()));
        }
    }

    @Test
    void shouldContainItsBlockOnly() {
        Prefix prefix = Prefix.parse("10.1.2.3/16");

        assertEquals("10.1.0.0/16", prefix.toString());
        assertEquals(true, prefix.contains(Address.parse("10.1.255.255")));
        assertEquals(false, prefix.contains(Address.parse("10.2.0.0")));
        assertEquals(false, prefix.contains(Address.parse("2001:db8::1")));
        assertEquals(true, Prefix.parse("::/0").contains(Address.parse("2001:db8::1")));
        assertThrows(IllegalArgumentException.class, () -> Prefix.parse("10.0.0.0/33"));
    }
}

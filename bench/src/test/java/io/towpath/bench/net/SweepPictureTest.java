package io.towpath.bench.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.bench.Machine;
import java.io.StringReader;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

final class SweepPictureTest {
    private static final Machine MACHINE =
            new Machine("Some CPU", 2, "6.1.0", "25.0.1+8", "0.10 to 1.20", "2026-01-02T03:04:05Z");

    private final NetResults results = new NetResults();

    private void add(Way way, int services, double connections) {
        results.add(
                services, way, 0, Map.of(NetCase.CONN, connections, NetCase.CONN_P50, 2_000.0, NetCase.RTT_P50, 30.0));
    }

    private Document picture() throws Exception {
        String svg = new SweepPicture(results, MACHINE).svg();
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
    }

    @Test
    void shouldDrawALineForEachWayInEachChart() throws Exception {
        add(Way.RW, 10, 10_000);
        add(Way.RW, 100_000, 5_000);
        add(Way.NFTABLES, 10, 10_000);
        add(Way.NFTABLES, 100_000, 10_000);
        add(Way.VETH, 10, 20_000);

        assertEquals(6, picture().getElementsByTagName("polyline").getLength());
    }

    @Test
    void shouldPlaceValuesOnALogarithmicAxisFromZero() throws Exception {
        add(Way.RW, 10, 10_000);
        add(Way.RW, 1_000, 5_000);
        add(Way.RW, 100_000, 0);
        Element line = (Element) picture().getElementsByTagName("polyline").item(0);

        // from x 56 to 344 and, for the top of the axis, 10,000, and for 0, from y 40 to 260
        assertEquals("56.0,40.0 200.0,150.0 344.0,260.0", line.getAttribute("points"));
    }

    @Test
    void shouldNameWaysAndMachine() throws Exception {
        add(Way.RW, 10, 1);
        add(Way.RW, 1_000, 1);
        String text = picture().getDocumentElement().getTextContent();

        assertTrue(text.contains("Towpath, rw"), text);
        assertTrue(text.contains("Some CPU, 2 cores") && text.contains("2026-01-02"), text);
    }

    @Test
    void shouldDrawNothingWithoutASweep() {
        add(Way.RW, 10, 1);

        assertNull(new SweepPicture(results, MACHINE).svg());
    }

    @Test
    void shouldEndAxesAtRoundNumbers() {
        assertEquals(1, LineChart.roundedUp(0));
        assertEquals(40, LineChart.roundedUp(20.5));
        assertEquals(20_000, LineChart.roundedUp(11_000));
        assertEquals(100, LineChart.roundedUp(99));
        assertEquals(0.2, LineChart.roundedUp(0.15), 1e-9);
    }
}

package io.towpath.dataplane.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

final class TableTest {
    @Test
    void shouldAlignColumnsAndLeaveNoSpacesAtTheEnd() {
        Table table = new Table("what", ">n", "by");
        table.row("a", "1,000", "x").row("longer", "7", "");

        assertEquals(
                List.of(
                        "  what        n  by", //
                        "  a       1,000  x",
                        "  longer      7"),
                table.lines());
    }

    @Test
    void shouldRefuseARowWithAnotherNumberOfCells() {
        Table table = new Table("one", "two");

        assertThrows(IllegalArgumentException.class, () -> table.row("only one"));
    }
}

package io.towpath.dataplane.selftest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.towpath.dataplane.check.SentFrame;
import io.towpath.dataplane.selftest.Requirement.Kind;
import io.towpath.dataplane.selftest.RequirementResult.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** {@code -Dtowpath.vectors=write} writes the table in {@code docs/rfc.md} anew. */
final class SelfTestTest {
    private static final Path DOCUMENT = Path.of("../docs/rfc.md");
    private static final String BEGIN = "<!-- requirements: written by SelfTestTest -->\n";
    private static final String END = "<!-- end of requirements -->\n";

    private static SelfTest selfTest;

    @BeforeAll
    static void open() throws IOException {
        selfTest = new SelfTest();
    }

    @AfterAll
    static void close() throws IOException {
        selfTest.close();
    }

    @TestFactory
    Stream<DynamicTest> shouldDoWithEveryCaseWhatItExpects() throws Exception {
        return selfTest.cases().stream()
                .map(name -> DynamicTest.dynamicTest(
                        name, () -> assertEquals(List.of(), selfTest.check(name).differences())));
    }

    @TestFactory
    Stream<DynamicTest> shouldMeetEveryRequirementThatItClaims() {
        return Requirements.ALL.stream()
                .map(requirement -> DynamicTest.dynamicTest(requirement.id(), () -> {
                    RequirementResult result = selfTest.check(requirement);

                    assertNotEquals(Verdict.FAIL, result.verdict(), result.reason());
                }));
    }

    @Test
    void shouldGiveAReasonForWhatItDoesNotMeet() {
        for (Requirement requirement : Requirements.ALL) {
            boolean explained = requirement.kind() == Kind.MET
                    ? !requirement.cases().isEmpty()
                    : !requirement.why().isEmpty();
            assertTrue(explained, requirement.id());
        }
        assertEquals(
                Requirements.ALL.size(),
                Requirements.ALL.stream().map(Requirement::id).distinct().count());
    }

    @Test
    void shouldFailARequirementWhoseFramesAreJudgedBad() throws Exception {
        Requirement requirement = Requirement.met("RFC 0 REQ-0", "nothing is sent", "udp/port-conflict")
                .judgedBy(frames -> frames.size() + " frames");

        RequirementResult result = selfTest.check(requirement);

        assertEquals(Verdict.FAIL, result.verdict());
        assertEquals("udp/port-conflict: 80 frames", result.reason());
    }

    private static List<SentFrame> clients(int count, IntUnaryOperator portOf) {
        return IntStream.range(0, count)
                .mapToObj(client -> {
                    byte[] frame = new byte[60];
                    frame[34] = (byte) (portOf.applyAsInt(client) >>> 8);
                    frame[35] = (byte) portOf.applyAsInt(client);
                    frame[59] = (byte) client;
                    return new SentFrame("pods", frame);
                })
                .toList();
    }

    @Test
    void shouldSeePortsThatAreSharedPrivilegedOrInSequence() {
        List<SentFrame> spread = clients(9, client -> 2000 + client * 7919 % 60000);

        assertEquals(null, SourcePorts.problemWithSharing(spread));
        assertEquals(null, SourcePorts.problemWithPrivileges(spread));
        assertEquals(null, SourcePorts.problemWithRandomness(spread));
        assertEquals("clients 0 and 1 share the port 4000", SourcePorts.problemWithSharing(clients(2, client -> 4000)));
        assertEquals(
                "the privileged port 80 was taken",
                SourcePorts.problemWithPrivileges(clients(3, client -> client == 2 ? 80 : 2000 + client)));
        assertEquals(
                "7 of 8 ports follow the one before",
                SourcePorts.problemWithRandomness(clients(9, client -> 5000 + client)));
    }

    private static String table() {
        StringBuilder table = new StringBuilder(BEGIN);
        table.append("\n| requirement | asks that | result | how, or why not | cases |\n|---|---|---|---|---|\n");
        for (Requirement requirement : Requirements.ALL) {
            Verdict verdict = requirement.kind() == Kind.MET ? Verdict.PASS : Verdict.BY_DESIGN_NOT;
            table.append("| %s | %s | %s | %s | %s |\n"
                    .formatted(
                            requirement.id(),
                            requirement.text(),
                            verdict.label(),
                            requirement.why(),
                            String.join(" ", requirement.cases())));
        }
        return table + "\n" + END;
    }

    @Test
    void shouldBeDocumentedAsItIs() throws IOException {
        String document = Files.readString(DOCUMENT);
        int begin = document.indexOf(BEGIN);
        int end = document.indexOf(END) + END.length();
        assertTrue(begin >= 0 && end > begin, "the marks of the table are there");
        if (System.getProperty("towpath.vectors", "").equals("write")) {
            document = document.substring(0, begin) + table() + document.substring(end);
            Files.writeString(DOCUMENT, document);
            end = document.indexOf(END) + END.length();
        }
        assertEquals(table(), document.substring(begin, end));
    }
}

package io.towpath.dataplane;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;

/** The modules depend on each other one way only, and the four lower ones on nothing but the JDK. */
@AnalyzeClasses(packages = "io.towpath", importOptions = ImportOption.DoNotIncludeTests.class)
final class ModuleDirectionsTest {
    @ArchTest
    static final ArchRule MODULES_DEPEND_ONE_WAY = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("native-tools")
            .definedBy("io.towpath.wire..", "io.towpath.packet..", "io.towpath.linux..", "io.towpath.capture..")
            .layer("maps")
            .definedBy("io.towpath.maps..")
            .layer("conntrack")
            .definedBy("io.towpath.conntrack..")
            .layer("nat")
            .definedBy("io.towpath.nat..")
            .layer("dataplane")
            .definedBy("io.towpath.dataplane..")
            .whereLayer("dataplane")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("nat")
            .mayOnlyBeAccessedByLayers("dataplane")
            .whereLayer("conntrack")
            .mayOnlyBeAccessedByLayers("nat", "dataplane")
            .whereLayer("maps")
            .mayOnlyBeAccessedByLayers("conntrack", "nat", "dataplane")
            .whereLayer("native-tools")
            .mayOnlyBeAccessedByLayers("maps", "conntrack", "nat", "dataplane")
            .withOptionalLayers(true);

    @ArchTest
    static final ArchRule LOWER_MODULES_NEED_ONLY_THE_JDK = ArchRuleDefinition.classes()
            .that()
            .resideInAnyPackage(
                    "io.towpath.wire..",
                    "io.towpath.packet..",
                    "io.towpath.linux..",
                    "io.towpath.capture..",
                    "io.towpath.maps..",
                    "io.towpath.conntrack..",
                    "io.towpath.nat..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("java..", "io.towpath..")
            .allowEmptyShould(true);
}

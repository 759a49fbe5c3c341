package io.adoptd.gateway;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import org.reactivestreams.Publisher;

/** The arrows of docs/architecture.md, and what the main code may not do. */
@AnalyzeClasses(packages = "io.adoptd", importOptions = ArchitectureTest.MainCode.class)
class ArchitectureTest {

    /** Neither this module's tests nor the fakes that the pipeline lends to others. */
    static final class MainCode implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("/test-classes/") && !location.contains("-tests.jar");
        }
    }

    @ArchTest
    static final ArchRule thePipelineKnowsNothingOfTheWorld = classes()
            .that()
            .resideInAPackage("io.adoptd.pipeline..")
            .should()
            .onlyDependOnClassesThat(resideInAnyPackage(
                            "io.adoptd.pipeline..",
                            "java.lang..",
                            "java.nio.charset..",
                            "java.util..",
                            "java.time..",
                            "reactor.core..",
                            "org.reactivestreams..",
                            "org.jspecify..")
                    .or(assignableTo(java.net.InetAddress.class)));

    @ArchTest
    static final ArchRule thePipelineHasNoClockOfItsOwn = noClasses()
            .that()
            .resideInAPackage("io.adoptd.pipeline..")
            .and()
            .doNotHaveFullyQualifiedName("io.adoptd.pipeline.time.LoginClock")
            .should()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(java.time.Instant.class, "now");

    @ArchTest
    static final ArchRule thePolicyWaitsForNothing = noClasses()
            .that()
            .resideInAnyPackage("io.adoptd.pipeline.policy..", "io.adoptd.pipeline.model..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("reactor..", "org.reactivestreams..");

    @ArchTest
    static final ArchRule theAdaptersDoNotKnowEachOther = noClasses()
            .that()
            .resideInAPackage("io.adoptd.slurmd..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.adoptd.kernel..", "io.adoptd.gateway..");

    @ArchTest
    static final ArchRule norTheOther = noClasses()
            .that()
            .resideInAPackage("io.adoptd.kernel..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.adoptd.slurmd..", "io.adoptd.gateway..");

    @ArchTest
    static final ArchRule onlyTheWiringKnowsTheAdapters = noClasses()
            .that()
            .resideInAPackage("io.adoptd.gateway.*..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.adoptd.slurmd..", "io.adoptd.kernel..");

    @ArchTest
    static final ArchRule nativeCodeIsCalledInTwoPlaces = noClasses()
            .that()
            .resideOutsideOfPackages("io.adoptd.kernel.libc..", "io.adoptd.slurmd.auth..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.sun.jna..");

    @ArchTest
    static final ArchRule nothingBlocks = noClasses()
            .that()
            .doNotHaveFullyQualifiedName("io.adoptd.gateway.WarmUp") // before the daemon serves, and says so
            .should()
            .callMethodWhere(target(owner(assignableTo(Publisher.class)))
                    .and(target(nameMatching("block|blockFirst|blockLast|blockOptional|toIterable|toStream"))))
            .orShould()
            .callMethodWhere(target(owner(assignableTo(Thread.class))).and(target(nameMatching("sleep|join"))))
            .orShould()
            .callMethodWhere(target(owner(assignableTo(java.util.concurrent.Future.class)))
                    .and(target(nameMatching("get|join"))));

    @ArchTest
    static final ArchRule nobodyButTheServerSubscribes = noClasses()
            .that()
            .resideOutsideOfPackage("io.adoptd.gateway.server..")
            .and()
            .doNotHaveFullyQualifiedName("io.adoptd.slurmd.rpc.Sources") // what it asks again belongs to no login
            .should()
            .callMethodWhere(target(owner(assignableTo(Publisher.class))).and(target(nameMatching("subscribe"))));

    @ArchTest
    static final ArchRule nothingStartsProcesses = noClasses()
            .should()
            .dependOnClassesThat()
            .areAssignableTo(ProcessBuilder.class)
            .orShould()
            .callMethodWhere(target(owner(assignableTo(Runtime.class))).and(target(nameMatching("exec"))));

    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().matching("io.adoptd.(*).(**)").should().beFreeOfCycles();
}

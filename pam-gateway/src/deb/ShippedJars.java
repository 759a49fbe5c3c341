// SPDX-License-Identifier: Apache-2.0

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Turns the run-time class path into what a node of one architecture needs: the jars, without other machines' parts,
 * and the native libraries, unpacked, so that nothing is ever unpacked there. Needs nothing but a JDK.
 */
final class ShippedJars {

    /** One of the two architectures that there are packages for, under the names that others gave it. */
    private enum Architecture {
        AMD64("netty_transport_native_epoll_x86_64", "x86_64-Linux", "linux-x86-64"),
        ARM64("netty_transport_native_epoll_aarch_64", "aarch64-Linux", "linux-aarch64");

        private final Pattern libraries;

        Architecture(String netty, String jffi, String jna) {
            libraries = Pattern.compile("META-INF/native/lib" + netty + "\\.so|jni/" + jffi
                    + "/libjffi-[0-9.]+\\.so|com/sun/jna/" + jna + "/libjnidispatch\\.so");
        }
    }

    /** Natives and constants of systems that a node is not; netty's and jffi's natives are jars of their own. */
    private static final Map<String, Pattern> NOT_OURS = Map.of(
            "jna-", Pattern.compile("com/sun/jna/[a-z0-9]+-[a-z0-9-]+/.*"),
            "jnr-constants-", Pattern.compile("jnr/constants/platform/(?!linux/|fake/)[a-z0-9]+/.*"));

    private static final String OUR_CLASSES = "io/adoptd/";

    /** Of this one, 8 MB large, our code names a single digest: only what is reachable from there is shipped. */
    private static final String MOSTLY_UNUSED = "bcprov-";

    private static final Pattern CLASS_NAME = Pattern.compile("\\[*L?([\\w$/-]+);?");
    private static final Pattern NAME_IN_DESCRIPTOR = Pattern.compile("L([\\w$/-]+);");

    private final Architecture architecture;
    private final List<Path> classPath;
    private final Path lib;
    private final Path natives;
    private final List<String> shipped = new ArrayList<>();
    private final List<String> ours = new ArrayList<>();
    private final List<String> ourClasses = new ArrayList<>();

    private ShippedJars(Architecture architecture, List<Path> classPath, Path target) {
        this.architecture = architecture;
        this.classPath = classPath;
        this.lib = target.resolve("lib");
        this.natives = target.resolve("native");
    }

    /**
     * Arguments: the architecture, a directory that has {@code lib} and {@code native}, and the class path. Besides the
     * jars and libraries it writes, a line each: {@code order}, the jars in the class path's order; {@code ours}, those
     * with our code; {@code classes}, our classes, as {@code -XX:SharedClassListFile} wants them.
     */
    public static void main(String[] args) throws IOException {
        var target = Path.of(args[1]);
        var jars = new ShippedJars(
                Architecture.valueOf(args[0].toUpperCase(Locale.ROOT)),
                Arrays.stream(args).skip(2).map(Path::of).toList(),
                target);
        for (Path jar : jars.classPath) {
            jars.ship(jar);
        }
        try (var libraries = Files.list(jars.natives)) {
            if (libraries.count() != 3) {
                throw new IOException("expected one library each of netty, jffi and jna in " + jars.natives);
            }
        }
        Files.write(target.resolve("order"), jars.shipped);
        Files.write(target.resolve("ours"), jars.ours);
        Files.write(target.resolve("classes"), jars.ourClasses);
    }

    private void ship(Path path) throws IOException {
        Path name = path.getFileName();
        try (var jar = open(path)) {
            for (ZipEntry entry : entries(jar, e -> architecture.libraries.matcher(e).matches())) {
                Path library = natives.resolve(entry.getName().substring(entry.getName().lastIndexOf('/') + 1));
                Files.write(library, jar.getInputStream(entry).readAllBytes());
            }
            if (entries(jar, ShippedJars::isOrdinaryClass).isEmpty()) {
                return;
            }
            var own = entries(jar, ShippedJars::isOurClass);
            if (!own.isEmpty()) {
                ours.add(name.toString());
                own.forEach(entry -> ourClasses.add(entry.getName().replaceFirst("\\.class$", "")));
            }
            var notOurs = NOT_OURS.keySet().stream()
                    .filter(name.toString()::startsWith)
                    .map(NOT_OURS::get)
                    .findFirst();
            if (name.toString().startsWith(MOSTLY_UNUSED)) {
                var used = reachable(jar);
                if (used.isEmpty()) {
                    return;
                }
                copy(jar, lib.resolve(name), used::contains);
            } else if (notOurs.isPresent()) {
                copy(jar, lib.resolve(name), notOurs.get().asMatchPredicate().negate());
            } else {
                Files.copy(path, lib.resolve(name));
            }
        }
        shipped.add(name.toString());
    }

    /** As the Java that runs this sees it, which is the one that is shipped: of several versions of a class, its own. */
    private static JarFile open(Path path) throws IOException {
        return new JarFile(path.toFile(), false, ZipFile.OPEN_READ, JarFile.runtimeVersion());
    }

    private static boolean isOrdinaryClass(String entry) {
        return entry.endsWith(".class") && !entry.endsWith("module-info.class");
    }

    private static boolean isOurClass(String entry) {
        return isOrdinaryClass(entry) && entry.startsWith(OUR_CLASSES);
    }

    private static List<JarEntry> entries(JarFile jar, Predicate<String> wanted) {
        return jar.versionedStream().filter(entry -> wanted.test(entry.getName())).toList();
    }

    /** Same order, same times, so the same bytes each time. */
    private static void copy(JarFile jar, Path target, Predicate<String> wanted) throws IOException {
        try (var out = new ZipOutputStream(Files.newOutputStream(target))) {
            for (ZipEntry entry : entries(jar, wanted)) {
                var copied = new ZipEntry(entry.getName());
                copied.setTimeLocal(entry.getTimeLocal());
                out.putNextEntry(copied);
                jar.getInputStream(entry).transferTo(out);
                out.closeEntry();
            }
        }
    }

    /** The classes of {@code jar} that our code names, and those that these name, and so on. */
    private Set<String> reachable(JarFile jar) throws IOException {
        var todo = new ArrayDeque<String>();
        for (Path path : classPath) {
            try (var other = open(path)) {
                for (ZipEntry entry : entries(other, ShippedJars::isOurClass)) {
                    todo.addAll(named(other, entry));
                }
            }
        }
        var reached = new TreeSet<String>();
        while (!todo.isEmpty()) {
            String name = todo.remove() + ".class";
            ZipEntry entry = jar.getEntry(name);
            if (entry != null && reached.add(name)) {
                todo.addAll(named(jar, entry));
            }
        }
        return reached;
    }

    /** Every class that a class file's constants name, in class entries or in descriptors; JVMS 4.4. */
    private static Set<String> named(JarFile jar, ZipEntry entry) throws IOException {
        var in = new DataInputStream(new ByteArrayInputStream(jar.getInputStream(entry).readAllBytes()));
        in.skipNBytes(8);
        int count = in.readUnsignedShort();
        var texts = new LinkedHashMap<Integer, String>();
        var classes = new TreeSet<Integer>();
        for (int index = 1; index < count; index++) {
            int tag = in.readUnsignedByte();
            switch (tag) {
                case 1 -> texts.put(index, in.readUTF());
                case 7 -> classes.add(in.readUnsignedShort());
                case 8, 16, 19, 20 -> in.skipNBytes(2);
                case 15 -> in.skipNBytes(3);
                case 3, 4, 9, 10, 11, 12, 17, 18 -> in.skipNBytes(4);
                case 5, 6 -> {
                    in.skipNBytes(8);
                    index++;
                }
                default -> throw new IOException(jar.getName() + ": " + entry + ": constant of kind " + tag);
            }
        }
        var names = new TreeSet<String>();
        for (int index : classes) {
            var name = CLASS_NAME.matcher(texts.get(index));
            if (name.matches()) {
                names.add(name.group(1));
            }
        }
        for (String text : texts.values()) {
            NAME_IN_DESCRIPTOR.matcher(text).results().forEach(name -> names.add(name.group(1)));
        }
        return names;
    }
}

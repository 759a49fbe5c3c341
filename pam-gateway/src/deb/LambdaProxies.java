// SPDX-License-Identifier: Apache-2.0

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;

/**
 * Lists the lambdas of jars as {@code -XX:SharedClassListFile} wants them, so that the class archive has the classes that
 * the virtual machine would otherwise make at the start of each. What a lambda is called changes with each build; so they
 * are read from the class files. Source: JVMS 4.4 and 4.7.23, LambdaMetafactory, hotspot's classListParser.cpp of Java 17.
 */
final class LambdaProxies {

    private static final List<String> KINDS = List.of(
            "",
            "REF_getField",
            "REF_getStatic",
            "REF_putField",
            "REF_putStatic",
            "REF_invokeVirtual",
            "REF_invokeStatic",
            "REF_invokeSpecial",
            "REF_newInvokeSpecial",
            "REF_invokeInterface");

    private static final String METAFACTORY = "java/lang/invoke/LambdaMetafactory metafactory ";

    /** Of the constant pool: texts as such, everything else as the numbers in it. */
    private final List<Object> constants = new ArrayList<>();

    private final List<int[]> bootstraps = new ArrayList<>();
    private final String name;

    private LambdaProxies(DataInputStream in) throws IOException {
        in.skipNBytes(8);
        readConstants(in);
        in.skipNBytes(2);
        name = text((int[]) constants.get(in.readUnsignedShort()), 0);
        in.skipNBytes(2);
        in.skipNBytes(2L * in.readUnsignedShort());
        skipMembers(in);
        skipMembers(in);
        for (int left = in.readUnsignedShort(); left > 0; left--) {
            String attribute = (String) constants.get(in.readUnsignedShort());
            int length = in.readInt();
            if (attribute.equals("BootstrapMethods")) {
                readBootstraps(in);
            } else {
                in.skipNBytes(length);
            }
        }
    }

    public static void main(String[] jars) throws IOException {
        var lines = new TreeSet<String>();
        for (String jar : jars) {
            try (var file = new JarFile(jar)) {
                for (ZipEntry entry : (Iterable<ZipEntry>) file.stream().map(ZipEntry.class::cast)::iterator) {
                    if (entry.getName().endsWith(".class") && !entry.getName().endsWith("module-info.class")) {
                        byte[] bytes = file.getInputStream(entry).readAllBytes();
                        new LambdaProxies(new DataInputStream(new ByteArrayInputStream(bytes))).addTo(lines);
                    }
                }
            }
        }
        lines.forEach(System.out::println);
    }

    private void readConstants(DataInputStream in) throws IOException {
        int count = in.readUnsignedShort();
        constants.add(null);
        while (constants.size() < count) {
            int tag = in.readUnsignedByte();
            switch (tag) {
                case 1 -> constants.add(in.readUTF());
                case 7, 8, 16, 19, 20 -> constants.add(new int[] {in.readUnsignedShort()});
                case 9, 10, 11, 12, 17 -> constants.add(new int[] {in.readUnsignedShort(), in.readUnsignedShort()});
                case 18 -> constants.add(new int[] {in.readUnsignedShort(), in.readUnsignedShort(), tag});
                case 15 -> constants.add(new int[] {in.readUnsignedByte(), in.readUnsignedShort()});
                case 3, 4 -> constants.add(in.readInt());
                case 5, 6 -> {
                    constants.add(in.readLong());
                    constants.add(null);
                }
                default -> throw new IOException("constant of kind " + tag);
            }
        }
    }

    private static void skipMembers(DataInputStream in) throws IOException {
        for (int members = in.readUnsignedShort(); members > 0; members--) {
            in.skipNBytes(6);
            for (int attributes = in.readUnsignedShort(); attributes > 0; attributes--) {
                in.skipNBytes(2);
                in.skipNBytes(in.readInt());
            }
        }
    }

    /** Of each: its method handle, then its arguments. */
    private void readBootstraps(DataInputStream in) throws IOException {
        for (int left = in.readUnsignedShort(); left > 0; left--) {
            int handle = in.readUnsignedShort();
            var bootstrap = new int[1 + in.readUnsignedShort()];
            bootstrap[0] = handle;
            for (int i = 1; i < bootstrap.length; i++) {
                bootstrap[i] = in.readUnsignedShort();
            }
            bootstraps.add(bootstrap);
        }
    }

    private void addTo(TreeSet<String> lines) {
        for (Object constant : constants) {
            if (constant instanceof int[] dynamic && dynamic.length == 3) {
                int[] bootstrap = bootstraps.get(dynamic[0]);
                if (bootstrap.length == 4 && reference((int[]) constants.get(bootstrap[0])).startsWith(METAFACTORY)) {
                    int[] implementation = (int[]) constants.get(bootstrap[2]);
                    lines.add(String.join(
                            " ",
                            "@lambda-proxy",
                            name,
                            nameAndType((int[]) constants.get(dynamic[1])),
                            text((int[]) constants.get(bootstrap[1]), 0),
                            KINDS.get(implementation[0]),
                            reference(implementation),
                            text((int[]) constants.get(bootstrap[3]), 0)));
                }
            }
        }
    }

    /** What a method handle refers to: class, name, descriptor. */
    private String reference(int[] handle) {
        int[] member = (int[]) constants.get(handle[1]);
        return text((int[]) constants.get(member[0]), 0) + " " + nameAndType((int[]) constants.get(member[1]));
    }

    private String nameAndType(int[] both) {
        return text(both, 0) + " " + text(both, 1);
    }

    private String text(int[] constant, int at) {
        return (String) constants.get(constant[at]);
    }
}

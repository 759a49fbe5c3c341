package io.adoptd.kernel.libc;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The mirrors against the numbers that C printed. */
class LayoutTest {

    @Test
    void everyStructLiesAsCLaysIt() throws Exception {
        var mirrored = new ArrayList<String>();
        for (Structure struct : List.of(
                new SysResource.rlimit64(),
                new SysSocket.iovec(),
                new SysSocket.msghdr(),
                new SysSocket.cmsghdr(new Memory(64)),
                new Pwd.passwd(),
                new Netdb.hostent())) {
            mirrored.add(lineOf(struct));
        }
        assertThat(mirrored).isEqualTo(Layout.STRUCTS);
    }

    /** Whoever adds one has to see to it that what it points to outlives the call. */
    @Test
    void structsThatPointToMemoryAreThoseWhoseMemoryIsOwned() {
        assertThat(Stream.of(
                                SysResource.rlimit64.class,
                                SysSocket.iovec.class,
                                SysSocket.msghdr.class,
                                SysSocket.cmsghdr.class,
                                Pwd.passwd.class,
                                Netdb.hostent.class)
                        .filter(struct -> Arrays.stream(struct.getFields())
                                .filter(field -> !Modifier.isStatic(field.getModifiers()))
                                .anyMatch(field -> Pointer.class.isAssignableFrom(field.getType()))))
                .containsExactly(
                        SysSocket.iovec.class, // MessageMemory
                        SysSocket.msghdr.class, // MessageMemory
                        Pwd.passwd.class, // into getpwnam's buffer, closed afterwards
                        Netdb.hostent.class); // into gethostbyname's buffer, closed afterwards
    }

    private static String lineOf(Structure struct) throws Exception {
        Method fieldOffset = Structure.class.getDeclaredMethod("fieldOffset", String.class);
        fieldOffset.setAccessible(true);
        var line = new StringBuilder("struct " + struct.getClass().getSimpleName() + " " + struct.size());
        for (String field :
                struct.getClass().getAnnotation(Structure.FieldOrder.class).value()) {
            line.append(' ').append(field).append(' ').append(fieldOffset.invoke(struct, field));
        }
        return line.toString();
    }

    @Test
    void everyConstantIsCs() {
        assertThat(Stream.of(
                                SysResource.class,
                                SysSocket.class,
                                Poll.class,
                                Unistd.class,
                                Fcntl.class,
                                SysStat.class,
                                Netdb.class)
                        .flatMap(mirror -> Arrays.stream(mirror.getDeclaredFields()))
                        .filter(field -> Modifier.isStatic(field.getModifiers()))
                        .map(LayoutTest::lineOf))
                .containsExactlyInAnyOrderElementsOf(Layout.CONSTANTS);
    }

    private static String lineOf(Field constant) {
        try {
            return constant.getName() + " " + constant.get(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }
}

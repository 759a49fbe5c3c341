package io.adoptd.kernel.libc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrnoTest {

    @ParameterizedTest
    @CsvSource({
        "1, EPERM",
        "2, ENOENT",
        "3, ESRCH",
        "11, EAGAIN",
        "40, ELOOP",
        "41, errno 41",
        "42, ENOMSG",
        "58, errno 58",
        "92, ENOPROTOOPT",
        "133, EHWPOISON",
        "134, errno 134",
        "0, errno 0",
        "-1, errno -1"
    })
    void aNumberHasItsNameOrStaysANumber(int errno, String name) {
        assertThat(Errno.nameOf(errno)).isEqualTo(name);
        assertThat(new KernelException("setns", errno))
                .hasMessage("setns: " + name)
                .returns(errno, KernelException::errno)
                .returns(name, KernelException::errnoName)
                .returns("setns", KernelException::call);
    }
}

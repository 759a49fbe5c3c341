package io.adoptd.kernel.pidfd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.kernel.libc.Errno;
import io.adoptd.kernel.libc.KernelException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PidfdTest {

    @Test
    void anOldKernelHasNone() throws Exception {
        assertThat(Pidfd.firstSupported(failing(Errno.ENOPROTOOPT), failing(Errno.ENOSYS)))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.ESRCH, Errno.EINVAL})
    void aPeerThatIsGoneIsNotLookedForByItsPid(int errno) {
        assertThatExceptionOfType(KernelException.class)
                .isThrownBy(() -> Pidfd.firstSupported(failing(errno), () -> {
                    throw new AssertionError("the pid may be somebody else's");
                }))
                .returns(errno, KernelException::errno);
    }

    private static Pidfd.Way failing(int errno) {
        return () -> {
            throw new KernelException("pidfd", errno);
        };
    }
}

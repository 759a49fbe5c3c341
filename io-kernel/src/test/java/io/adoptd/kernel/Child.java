package io.adoptd.kernel;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** A process of the test's own that ends with it. */
public final class Child implements AutoCloseable {

    private final Process process;

    private Child(Process process) {
        this.process = process;
    }

    public static Child start(String... command) throws IOException {
        return new Child(new ProcessBuilder(Arrays.asList(command))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    /** One that does nothing for longer than any test. */
    public static Child sleeping() throws IOException {
        return start("sleep", "600");
    }

    public int pid() {
        return Math.toIntExact(process.pid());
    }

    public Process process() {
        return process;
    }

    /** Ends it, and waits until it is reaped. */
    public void end() {
        process.destroyForcibly();
        boolean ended;
        try {
            ended = process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            ended = false;
        }
        if (!ended) {
            throw new IllegalStateException("child " + pid() + " does not end");
        }
    }

    @Override
    public void close() {
        end();
    }
}

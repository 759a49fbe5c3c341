package io.adoptd.pipeline.model;

import java.util.ArrayList;
import java.util.List;

/**
 * What one login has been given that has to be given back: the descriptors of its job's namespaces. Whoever began the
 * login closes it when the login is over, answered, cancelled or failed; until then the descriptors may be used. Safe
 * from any thread.
 */
public final class Luggage implements AutoCloseable {

    private final List<Runnable> returns = new ArrayList<>();
    private boolean closed;

    /** Keeps something until the end; what comes after the end is given back at once. */
    public void keep(Runnable giveBack) {
        synchronized (this) {
            if (!closed) {
                returns.add(giveBack);
                return;
            }
        }
        giveBack.run();
    }

    /** Gives everything back, once. */
    @Override
    public void close() {
        List<Runnable> now;
        synchronized (this) {
            closed = true;
            now = List.copyOf(returns);
            returns.clear();
        }
        now.forEach(Runnable::run);
    }
}

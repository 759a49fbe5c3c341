package io.adoptd.bench;

/**
 * What of the daemon's Java options tells in its speed (the package's {@code java.args}): a bench that the second compiler
 * had made fast would measure another program. The heap is greater, for the simulated node is in it as well.
 */
final class AsTheDaemon {

    static final String COLLECTOR = "-XX:+UseSerialGC";
    static final String COMPILER = "-XX:TieredStopAtLevel=1";
    static final String HEAP = "-Xmx256m";

    private AsTheDaemon() {}
}

package io.adoptd.gateway.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code adoptctl steps}: what is known of this node's slurmstepds. */
@Command(
        name = "steps",
        description = "Prints how many slurmstepds of extern steps are known, and those that do not answer.",
        mixinStandardHelpOptions = true)
final class StepsCommand extends RemoteCommand {

    @Option(names = "--forget-all", description = "forget what is known: the next login asks all anew")
    private boolean forgetAll;

    @Override
    byte[] request() {
        return command(forgetAll ? "forget_steps" : "steps", null);
    }
}

package io.adoptd.gateway.cli;

import io.adoptd.gateway.DaemonVersion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The command {@code adoptctl}. */
@Command(
        name = "adoptctl",
        description = "Asks the adoptd of this node.",
        subcommands = {PingCommand.class, ReloadCommand.class, SourcesCommand.class, StepsCommand.class},
        mixinStandardHelpOptions = true,
        versionProvider = Adoptctl.Version.class,
        synopsisSubcommandLabel = "COMMAND")
public final class Adoptctl {

    /** What {@code --version} says. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"adoptctl " + DaemonVersion.VERSION};
        }
    }

    private Adoptctl() {}

    /** Exits with 0 when the answer is good, 1 when it is not, 2 when the command line is none. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new Adoptctl()).execute(args));
    }
}

package io.adoptd.gateway.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code adoptctl sources}: the login sources whose slurmd does not answer. */
@Command(
        name = "sources",
        description = "Prints the sources whose slurmd port drops or does not answer, which logins do not wait for.",
        mixinStandardHelpOptions = true)
final class SourcesCommand extends RemoteCommand {

    /** One, or all. */
    static final class Forget {
        @Option(names = "--forget", paramLabel = "ADDRESS", required = true, description = "forget this one")
        private @Nullable String address;

        @Option(names = "--forget-all", required = true, description = "forget all of them")
        private boolean all;
    }

    @ArgGroup
    private @Nullable Forget forget;

    @Override
    byte[] request() {
        return forget == null
                ? command("sources", null)
                : command("forget_sources", forget.all ? null : forget.address);
    }
}

package io.adoptd.gateway.cli;

import picocli.CommandLine.Command;

/** {@code adoptctl reload}: the daemon reads adoptd.conf again. */
@Command(
        name = "reload",
        description = "Has the daemon read adoptd.conf again. Logins under way keep their settings; a faulty file"
                + " changes nothing, and its faults are printed.",
        mixinStandardHelpOptions = true)
final class ReloadCommand extends RemoteCommand {

    @Override
    byte[] request() {
        return command("reload", null);
    }
}

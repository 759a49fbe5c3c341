package io.adoptd.gateway;

import io.adoptd.gateway.log.LogLine;
import io.adoptd.gateway.server.Commands;
import io.adoptd.gateway.wire.Reply.Report;
import io.adoptd.gateway.wire.Request.Command;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** The commands that a running daemon knows, by their names in the frame. */
final class AdminCommands implements Commands {

    private static final Logger log = LoggerFactory.getLogger(AdminCommands.class);

    private final Map<String, Commands> byName;

    /** @param byName each is done on the thread that asks for it, or says where else */
    AdminCommands(Map<String, Commands> byName) {
        this.byName = new TreeMap<>(byName);
    }

    @Override
    public Mono<Report> run(Command command) {
        Commands known = byName.get(command.name());
        if (known == null) {
            return Mono.just(new Report(
                    false,
                    List.of("no command " + command.name() + "; there are " + String.join(", ", byName.keySet()))));
        }
        log.info(LogLine.of("command.run")
                .with("name", command.name())
                .with("argument", command.argument())
                .toString());
        return known.run(command);
    }
}

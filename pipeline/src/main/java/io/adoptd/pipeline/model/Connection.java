package io.adoptd.pipeline.model;

/**
 * The TCP connection of a login, as sshd sees it.
 *
 * @param source the end at the machine that the user comes from
 * @param own sshd's end
 */
public record Connection(Endpoint source, Endpoint own) {

    public Connection {
        if (source.address().getAddress().length != own.address().getAddress().length) {
            throw new IllegalArgumentException("the ends are of two address families");
        }
    }
}

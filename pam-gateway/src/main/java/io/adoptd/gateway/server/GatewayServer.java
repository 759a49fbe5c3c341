package io.adoptd.gateway.server;

import io.adoptd.gateway.log.LogLine;
import io.adoptd.gateway.wire.FrameLimits;
import io.adoptd.gateway.wire.Reply;
import io.adoptd.pipeline.model.Luggage;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.PeerCredentials;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.TooLongFrameException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.Connection;
import reactor.netty.DisposableServer;
import reactor.netty.NettyInbound;
import reactor.netty.NettyOutbound;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpServer;

/** Serves the gateway's socket: only root is answered, one frame in, one frame out, then the connection is closed. */
public final class GatewayServer implements Disposable {

    private static final Logger log = LoggerFactory.getLogger(GatewayServer.class);

    /** Clients beyond those wait in the kernel's queue; past it they get EAGAIN and try again. */
    private static final int BACKLOG = 1_024;

    /**
     * How long a client may take to write its frame. A module writes it in one go; the rest is for a daemon that has only
     * just started on a busy node, whose event loop reads late what came long ago.
     */
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(5);

    private final DisposableServer server;

    private GatewayServer(DisposableServer server) {
        this.server = server;
    }

    /**
     * Binds and serves. Blocks until it does; for the start of the daemon only.
     *
     * @param ownUid the daemon's effective uid: besides root it alone is answered
     * @param desk decides what comes from now on; asked anew for each client
     * @param descriptors how a reply is sent that has any
     * @throws IOException when the socket's place is not safe or is taken
     */
    public static GatewayServer serve(
            ListeningSocket socket,
            int ownUid,
            Supplier<LoginDesk> desk,
            DescriptorSending descriptors,
            LoopResources loops)
            throws IOException {
        socket.prepare(ownUid);
        var server = new GatewayServer(TcpServer.create()
                .bindAddress(() -> new DomainSocketAddress(socket.path().toString()))
                .runOn(socket.loops(loops), true)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .doOnChannelInit((observer, channel, remote) -> channel.pipeline()
                        .addFirst(
                                "frame",
                                new LengthFieldBasedFrameDecoder(
                                        FrameLimits.HEADER + FrameLimits.REQUEST_BODY,
                                        FrameLimits.LENGTH_OFFSET,
                                        FrameLimits.LENGTH_SIZE)))
                .handle((in, out) -> new Visit((Connection) in, in, out, ownUid, desk.get(), descriptors).serve())
                .bindNow());
        socket.close();
        return server;
    }

    /** One client, from its credentials to its reply. What the login was given is given back when it is over. */
    private record Visit(
            Connection client,
            NettyInbound in,
            NettyOutbound out,
            int ownUid,
            LoginDesk desk,
            DescriptorSending descriptors) {

        Mono<Void> serve() {
            return Mono.using(Luggage::new, this::serve, Luggage::close);
        }

        private Mono<Void> serve(Luggage luggage) {
            return Mono.fromCallable(channel()::peerCredentials)
                    .flatMap(peer -> isTrusted(peer, ownUid) ? converse(peer.pid(), luggage) : stranger(peer))
                    .takeUntilOther(client.onDispose())
                    .onErrorResume(GatewayServer::clientFault)
                    .flatMap(this::send)
                    .doOnError(GatewayServer::unsent);
        }

        private Mono<LoginDesk.Answered> converse(int peerPid, Luggage luggage) {
            return in.receive()
                    .asByteArray()
                    .next()
                    .timeout(REQUEST_TIMEOUT, Mono.error(TimeoutException::new), desk.timers())
                    .flatMap(frame -> desk.answer(frame, new LoginDesk.Client(socket(), peerPid), luggage));
        }

        private Mono<Void> send(LoginDesk.Answered answered) {
            byte[] frame = answered.reply().encode();
            Mono<Void> sent = answered.descriptors().isEmpty()
                    ? out.sendByteArray(Mono.just(frame)).then()
                    : Mono.<Void>fromCallable(() -> sendAtOnce(frame, answered.descriptors()))
                            .subscribeOn(Schedulers.fromExecutor(channel().eventLoop()));
            return sent.doFinally(end -> answered.afterwards().run());
        }

        /** The whole frame finds room in a socket that nothing was written to; half of one must not pass for an answer. */
        private @Nullable Void sendAtOnce(byte[] frame, List<Integer> fds) throws IOException {
            if (descriptors.send(
                            socket(), frame, fds.stream().mapToInt(fd -> fd).toArray())
                    != frame.length) {
                throw new IOException("the client does not take its answer");
            }
            return null;
        }

        private EpollDomainSocketChannel channel() {
            return (EpollDomainSocketChannel) client.channel();
        }

        private int socket() {
            return channel().fd().intValue();
        }
    }

    private static boolean isTrusted(PeerCredentials peer, int ownUid) {
        return peer.uid() == 0 || peer.uid() == ownUid;
    }

    private static Mono<LoginDesk.Answered> stranger(PeerCredentials peer) {
        log.warn(LogLine.of("security.peer_refused")
                .with("uid", Integer.toUnsignedLong(peer.uid()))
                .with("pid", peer.pid())
                .toString());
        return Mono.just(LoginDesk.Answered.plain(new Reply.Refused("not_root", "only root is answered here")));
    }

    /** Too much, too slow, or gone: the client's fault, and no more than a line. Anything else is our bug. */
    private static Mono<LoginDesk.Answered> clientFault(Throwable e) {
        if (e instanceof TooLongFrameException) {
            return refused("bad_frame", "length: over " + FrameLimits.REQUEST_BODY);
        }
        if (e instanceof TimeoutException) {
            return refused("bad_frame", "no whole frame within " + REQUEST_TIMEOUT.toMillis() + " ms");
        }
        if (e instanceof IOException) {
            log.debug(LogLine.of("request.lost").with("why", e.toString()).toString());
            return Mono.empty();
        }
        return Mono.error(e);
    }

    /** The connection is closed without an answer, which the module takes for a failure of ours. */
    private static void unsent(Throwable e) {
        log.warn(LogLine.of("reply.unsent").with("why", e.toString()).toString());
    }

    private static Mono<LoginDesk.Answered> refused(String reason, String why) {
        log.warn(LogLine.of("request.refused")
                .word("reason", reason)
                .with("why", why)
                .toString());
        return Mono.just(LoginDesk.Answered.plain(new Reply.Refused(reason, why)));
    }

    /** Stops listening and removes the socket. Logins under way are not waited for. Blocks briefly. */
    @Override
    public void dispose() {
        server.disposeNow(Duration.ofSeconds(1));
    }

    @Override
    public boolean isDisposed() {
        return server.isDisposed();
    }
}

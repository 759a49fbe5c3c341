package io.adoptd.gateway.server;

import io.adoptd.gateway.log.LogLine;
import io.adoptd.gateway.wire.FrameLimits;
import io.adoptd.gateway.wire.Reply;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.PeerCredentials;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.TooLongFrameException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
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

    /** A module writes its frame in one go: who takes longer is no module. */
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(1);

    private final DisposableServer server;

    private GatewayServer(DisposableServer server) {
        this.server = server;
    }

    /**
     * Binds and serves. Blocks until it does; for the start of the daemon only.
     *
     * @param ownUid the daemon's effective uid: besides root it alone is answered
     * @throws IOException when the socket's place is not safe or is taken
     */
    public static GatewayServer serve(Path socket, int ownUid, LoginDesk desk, LoopResources loops) throws IOException {
        SocketPlace.prepare(socket, ownUid);
        var server = new GatewayServer(TcpServer.create()
                .bindAddress(() -> new DomainSocketAddress(socket.toString()))
                .runOn(loops, true)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .doOnChannelInit((observer, channel, remote) -> channel.pipeline()
                        .addFirst(
                                "frame",
                                new LengthFieldBasedFrameDecoder(
                                        FrameLimits.HEADER + FrameLimits.REQUEST_BODY,
                                        FrameLimits.LENGTH_OFFSET,
                                        FrameLimits.LENGTH_SIZE)))
                .handle((in, out) -> serve((Connection) in, in, out, ownUid, desk))
                .bindNow());
        SocketPlace.close(socket);
        return server;
    }

    private static Mono<Void> serve(Connection client, NettyInbound in, NettyOutbound out, int ownUid, LoginDesk desk) {
        return Mono.fromCallable(() -> ((EpollDomainSocketChannel) client.channel()).peerCredentials())
                .flatMap(peer -> isTrusted(peer, ownUid) ? converse(client, in, desk, peer.pid()) : stranger(peer))
                .takeUntilOther(client.onDispose())
                .onErrorResume(GatewayServer::clientFault)
                .flatMap(reply -> out.sendByteArray(Mono.just(reply.encode())).then());
    }

    private static boolean isTrusted(PeerCredentials peer, int ownUid) {
        return peer.uid() == 0 || peer.uid() == ownUid;
    }

    private static Mono<Reply> converse(Connection client, NettyInbound in, LoginDesk desk, int peerPid) {
        int socket = ((EpollDomainSocketChannel) client.channel()).fd().intValue();
        return in.receive()
                .asByteArray()
                .next()
                .timeout(REQUEST_TIMEOUT)
                .flatMap(frame -> desk.answer(frame, new LoginDesk.Client(socket, peerPid)));
    }

    private static Mono<Reply> stranger(PeerCredentials peer) {
        log.warn(LogLine.of("security.peer_refused")
                .with("uid", Integer.toUnsignedLong(peer.uid()))
                .with("pid", peer.pid())
                .toString());
        return Mono.just(new Reply.Refused("not_root", "only root is answered here"));
    }

    /** Too much, too slow, or gone: the client's fault, and no more than a line. Anything else is our bug. */
    private static Mono<Reply> clientFault(Throwable e) {
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

    private static Mono<Reply> refused(String reason, String why) {
        log.warn(LogLine.of("request.refused")
                .word("reason", reason)
                .with("why", why)
                .toString());
        return Mono.just(new Reply.Refused(reason, why));
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

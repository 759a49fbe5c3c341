package io.adoptd.gateway.server;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.ServerDomainSocketChannel;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/**
 * Where the gateway listens: a socket that the daemon makes, or one that systemd made and keeps, sd_listen_fds(3). On
 * one of systemd's clients wait while the daemon is restarted, and none is lost.
 *
 * @param path of the socket
 * @param inherited the descriptor that systemd passed; −1 for none
 */
public record ListeningSocket(Path path, int inherited) {

    private static final int NONE = -1;

    /** A socket that the daemon makes itself. */
    public static ListeningSocket own(Path path) {
        return new ListeningSocket(path, NONE);
    }

    boolean isInherited() {
        return inherited != NONE;
    }

    /**
     * Makes its place ready, unless the socket was inherited. Blocks; for the start of the daemon only.
     *
     * @throws IOException saying what is wrong
     */
    void prepare(int ownUid) throws IOException {
        if (!isInherited()) {
            SocketPlace.prepare(path, ownUid);
        }
    }

    /** Only root, or whom the daemon runs as, may connect; to systemd's socket as its unit says. */
    void close() throws IOException {
        if (!isInherited()) {
            SocketPlace.close(path);
        }
    }

    /** The loops to serve it on. */
    LoopResources loops(LoopResources loops) {
        return isInherited() ? new WithInheritedServer(loops, inherited) : loops;
    }

    /** A server channel that listens already; closing it leaves systemd's own descriptor listening. */
    private static EpollServerDomainSocketChannel listening(int fd) {
        var channel = new EpollServerDomainSocketChannel(fd, true);
        channel.pipeline().addLast("bound", new ChannelOutboundHandlerAdapter() {
            @Override
            public void bind(ChannelHandlerContext context, SocketAddress address, ChannelPromise bound) {
                bound.setSuccess(); // it is
            }
        });
        return channel;
    }

    /** Reactor Netty asks its loops for channels: so there a server can be given that it does not make. */
    private record WithInheritedServer(LoopResources loops, int fd) implements LoopResources {

        @Override
        public <C extends Channel> C onChannel(Class<C> channelType, EventLoopGroup group) {
            return channelType.equals(ServerDomainSocketChannel.class)
                    ? channelType.cast(listening(fd))
                    : loops.onChannel(channelType, group);
        }

        @Override
        public <C extends Channel> Class<? extends C> onChannelClass(Class<C> channelType, EventLoopGroup group) {
            return loops.onChannelClass(channelType, group);
        }

        @Override
        public EventLoopGroup onClient(boolean useNative) {
            return loops.onClient(useNative);
        }

        @Override
        public EventLoopGroup onServer(boolean useNative) {
            return loops.onServer(useNative);
        }

        @Override
        public EventLoopGroup onServerSelect(boolean useNative) {
            return loops.onServerSelect(useNative);
        }

        @Override
        public boolean daemon() {
            return loops.daemon();
        }

        @Override
        public Mono<Void> disposeLater(Duration quietPeriod, Duration timeout) {
            return loops.disposeLater(quietPeriod, timeout);
        }
    }
}

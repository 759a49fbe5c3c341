package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.wire.Bytes;
import io.netty.channel.ChannelOption;
import io.netty.resolver.NoopAddressResolverGroup;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.Connection;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpClient;
import reactor.util.function.Tuple2;

/**
 * One frame there, one frame back, on a connection of its own. A slurmd looks whether its peer is still there before it
 * answers, and some take any further byte for a reason not to: so nothing follows the request, and our side stays open
 * until the answer is complete.
 */
final class SlurmdExchange {

    private static final int NO_TIMER = 0;

    private final TcpClient client;

    /**
     * Runs on {@code loops}, which whoever made them closes. The resolver comes first: without one, {@code runOn} makes a
     * whole DNS client. The deadline closes a connection that does not come about; Netty needs no timer of its own.
     */
    SlurmdExchange(LoopResources loops) {
        this.client = TcpClient.newConnection()
                .resolver(NoopAddressResolverGroup.INSTANCE)
                .runOn(loops)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, NO_TIMER);
    }

    /**
     * Connects, lets {@code talk} have the connection, and closes it.
     *
     * @param slurmd a literal address: no name is looked up
     * @param connected when the peer has to have taken the connection; what {@code talk} takes is its own to bound
     * @param talk called on the connection's event loop as soon as the peer has taken the connection
     * @return what {@code talk} returned; an error of {@code java.io}, {@link reactor.netty.channel.AbortedException} or,
     *     without a connection in time, {@link java.util.concurrent.TimeoutException}
     */
    <T> Mono<T> with(InetSocketAddress slurmd, Deadline connected, Function<? super Connection, Mono<T>> talk) {
        return Mono.defer(() -> {
            var taken = new AtomicBoolean();
            return Mono.usingWhen(
                            client.remoteAddress(() -> slurmd).connect(),
                            tcp -> {
                                taken.set(true);
                                return talk.apply(tcp);
                            },
                            tcp -> Mono.fromRunnable(tcp::dispose))
                    .timeout(unlessTaken(taken, connected));
        });
    }

    /**
     * Around the whole, for a timeout of the connecting alone would lose a connection that comes about at that instant.
     *
     * @return a value when it is too late to connect; nothing at all if that has come about
     */
    private static Mono<Long> unlessTaken(AtomicBoolean taken, Deadline connected) {
        return Mono.delay(connected.remaining(), connected.timers())
                .flatMap(late -> taken.get() ? Mono.never() : Mono.just(late));
    }

    /**
     * Sends one frame and receives one. What comes while nobody has subscribed to it is discarded, with the connection's
     * end: so the subscription comes before the first byte is written, both in one task of the connection's event loop,
     * which hears nothing in between.
     *
     * @return the frame with its length, or less if the peer closed before
     */
    static Mono<Bytes> converse(Connection tcp, Bytes request) {
        return Mono.zip(received(tcp), sent(tcp, request))
                .map(Tuple2::getT1)
                .subscribeOn(Schedulers.fromExecutor(tcp.channel().eventLoop()));
    }

    private static Mono<Bytes> received(Connection tcp) {
        return Mono.defer(() -> {
            var frame = new FrameCollector();
            return tcp.inbound()
                    .receive()
                    .asByteArray()
                    .takeUntil(frame::add)
                    .then(Mono.fromSupplier(frame::collected));
        });
    }

    private static Mono<Boolean> sent(Connection tcp, Bytes request) {
        return tcp.outbound().sendByteArray(Mono.just(request.toArray())).then().thenReturn(true);
    }
}

package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.wire.Bytes;
import io.netty.channel.ChannelOption;
import io.netty.resolver.NoopAddressResolverGroup;
import java.net.InetSocketAddress;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpClient;

/**
 * One frame there, one frame back, on a connection of its own. A slurmd looks whether its peer is still there before it
 * answers, and some take any further byte for a reason not to: so nothing follows the request, and our side stays open
 * until the answer is complete.
 */
final class SlurmdExchange {

    private final TcpClient client;

    /**
     * Runs on {@code loops}, which whoever made them closes. The resolver comes first: without one, {@code runOn} makes a
     * whole DNS client.
     */
    SlurmdExchange(LoopResources loops) {
        this.client = TcpClient.newConnection()
                .resolver(NoopAddressResolverGroup.INSTANCE)
                .runOn(loops)
                .option(ChannelOption.TCP_NODELAY, true);
    }

    /**
     * Sends one frame and receives one.
     *
     * @param slurmd a literal address: no name is looked up
     * @return the frame with its length, or less if the peer closed before; an error of {@code java.io},
     *     {@link reactor.netty.channel.AbortedException} or {@link java.util.concurrent.TimeoutException}
     */
    Mono<Bytes> exchange(InetSocketAddress slurmd, Bytes request, Deadline deadline) {
        return Mono.defer(() -> Mono.usingWhen(
                        connect(slurmd, deadline),
                        tcp -> converse(tcp, request),
                        tcp -> Mono.fromRunnable(tcp::dispose))
                .timeout(deadline.remaining(), deadline.timers()));
    }

    private Mono<? extends Connection> connect(InetSocketAddress slurmd, Deadline deadline) {
        int millis = (int)
                Math.min(Integer.MAX_VALUE, Math.max(1, deadline.remaining().toMillis()));
        return client.remoteAddress(() -> slurmd)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, millis)
                .connect();
    }

    private static Mono<Bytes> converse(Connection tcp, Bytes request) {
        var frame = new FrameCollector();
        return tcp.outbound()
                .sendByteArray(Mono.just(request.toArray()))
                .then()
                .thenMany(tcp.inbound().receive().asByteArray())
                .takeUntil(frame::add)
                .then(Mono.fromSupplier(frame::collected));
    }
}

package io.adoptd.slurmd.rpc;

import io.adoptd.slurmd.wire.Bytes;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.NettyInbound;
import reactor.netty.NettyOutbound;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpServer;

/** A host with many slurmds, each on a port of its own; all on one event loop. */
final class SlurmdHost implements AutoCloseable {

    /** What a slurmd says that does not answer. */
    static final Function<RpcFrame, Bytes> NOTHING = request -> Bytes.NONE;

    private final List<DisposableServer> servers = new ArrayList<>();
    private final List<Asked> asked = new CopyOnWriteArrayList<>();
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();

    /** One question. */
    record Asked(int slurmd, RpcFrame request) {}

    /**
     * @param firstPort 0 for any ports
     * @param answers of the first slurmd, the second, and so on
     */
    SlurmdHost(
            InetAddress address,
            int firstPort,
            int count,
            LoopResources loops,
            IntFunction<Function<RpcFrame, Bytes>> answers) {
        IntStream.range(0, count)
                .mapToObj(slurmd -> TcpServer.create()
                        .runOn(loops)
                        .bindAddress(() -> new InetSocketAddress(address, firstPort == 0 ? 0 : firstPort + slurmd))
                        .doOnConnection(tcp -> {
                            opened.incrementAndGet();
                            open.incrementAndGet();
                            tcp.onDispose(open::decrementAndGet);
                        })
                        .handle((in, out) -> serve(slurmd, in, out, answers.apply(slurmd)))
                        .bindNow())
                .forEach(servers::add);
    }

    List<Integer> ports() {
        return servers.stream().map(DisposableServer::port).toList();
    }

    List<Asked> asked() {
        return asked;
    }

    /** Connections so far. */
    int opened() {
        return opened.get();
    }

    /** Connections now. */
    int open() {
        return open.get();
    }

    @Override
    public void close() {
        servers.forEach(DisposableServer::disposeNow);
    }

    private Publisher<Void> serve(int slurmd, NettyInbound in, NettyOutbound out, Function<RpcFrame, Bytes> answer) {
        var frame = new FrameCollector();
        return in.receive()
                .asByteArray()
                .filter(frame::add)
                .take(1)
                .concatMap(last -> {
                    RpcFrame request = RpcFrame.decode(frame.collected());
                    asked.add(new Asked(slurmd, request));
                    Bytes said = answer.apply(request);
                    return said.size() == 0 ? Flux.<Void>never() : out.sendByteArray(Mono.just(said.toArray()));
                })
                .then(Mono.never());
    }
}

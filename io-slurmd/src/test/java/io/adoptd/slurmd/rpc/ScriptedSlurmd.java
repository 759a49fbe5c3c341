package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.Endpoint;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.wire.Bytes;
import io.netty.channel.ChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.NettyInbound;
import reactor.netty.NettyOutbound;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpServer;

/**
 * A slurmd on loopback. It reads one frame from each connection and then does what the next line of its script says;
 * with no line left it says nothing. It leaves closing to its client, unless the line closes.
 */
final class ScriptedSlurmd implements AutoCloseable {

    interface Line {
        Publisher<Void> play(Talk talk);
    }

    /** One connection, from the moment that its request is there. */
    record Talk(RpcFrame request, NettyOutbound out, AtomicBoolean clientClosed, AtomicBoolean clientWentOn) {

        Publisher<Void> send(Bytes bytes) {
            return out.sendByteArray(Mono.just(bytes.toArray()));
        }
    }

    private final LoopResources loops = LoopResources.create("slurmd", 1, true);
    private final Queue<Line> script;
    private final List<RpcFrame> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final DisposableServer server;

    private ScriptedSlurmd(InetAddress address, Line... script) {
        this.script = new ConcurrentLinkedQueue<>(Arrays.asList(script));
        this.server = TcpServer.create()
                .runOn(loops)
                .bindAddress(() -> new InetSocketAddress(address, 0))
                .doOnConnection(tcp -> {
                    opened.incrementAndGet();
                    open.incrementAndGet();
                    tcp.onDispose(open::decrementAndGet);
                })
                .handle(this::serve)
                .bindNow();
    }

    static ScriptedSlurmd that(Line... script) {
        return at(InetAddress.getLoopbackAddress(), script);
    }

    static ScriptedSlurmd at(InetAddress address, Line... script) {
        return new ScriptedSlurmd(address, script);
    }

    /** With more patience than a test's busy machine needs: only its own deadline bounds a question. */
    static Sources patientSources(LoginClock clock) {
        var minute = Duration.ofMinutes(1);
        return new Sources(Sources.Limits.DEFAULT.withPatience(new Sources.Patience(minute, minute)), clock);
    }

    static Line answers(Function<RpcFrame, Bytes> answer) {
        return talk -> talk.send(answer.apply(talk.request()));
    }

    static Line answers(Bytes bytes) {
        return answers(request -> bytes);
    }

    static Line saysNothing() {
        return talk -> Mono.empty();
    }

    static Line closes() {
        return talk -> Mono.fromRunnable(() -> talk.out().withConnection(tcp -> tcp.dispose()));
    }

    static Line closesAfter(Bytes bytes) {
        return closesAfter(request -> bytes);
    }

    /** As real ones do: right behind the answer. */
    static Line closesAfter(Function<RpcFrame, Bytes> answer) {
        return talk -> Flux.concat(answers(answer).play(talk), closes().play(talk));
    }

    static Line resets() {
        return talk -> Mono.fromRunnable(() -> talk.out().withConnection(tcp -> {
            tcp.channel().config().setOption(ChannelOption.SO_LINGER, 0);
            tcp.dispose();
        }));
    }

    static Line drips(Function<RpcFrame, Bytes> answer, Duration pause) {
        return talk -> {
            byte[] bytes = answer.apply(talk.request()).toArray();
            return Flux.range(0, bytes.length)
                    .delayElements(pause)
                    .concatMap(i -> talk.send(Bytes.of(bytes, i, i + 1)))
                    .then();
        };
    }

    /** As real ones do: a client that closed its side, or that goes on talking, gets no answer. */
    static Line answersWhoWaits(Function<RpcFrame, Bytes> answer, Duration pause) {
        return talk -> Mono.delay(pause)
                .filter(waited ->
                        !talk.clientClosed().get() && !talk.clientWentOn().get())
                .flatMap(waited -> Mono.from(answers(answer).play(talk)));
    }

    /** A login whose source is here. */
    Connection login() {
        return new Connection(
                new Endpoint(address().getAddress(), 40_000),
                new Endpoint(address().getAddress(), 22));
    }

    SlurmdSettings settings() {
        return new SlurmdSettings(address().getPort(), new Uid(64_030), new Uid(64_031));
    }

    List<RpcFrame> requests() {
        return requests;
    }

    int opened() {
        return opened.get();
    }

    int open() {
        return open.get();
    }

    @Override
    public void close() {
        server.disposeNow();
        loops.disposeLater(Duration.ZERO, Duration.ofSeconds(5)).block();
    }

    private InetSocketAddress address() {
        return (InetSocketAddress) server.address();
    }

    private Publisher<Void> serve(NettyInbound in, NettyOutbound out) {
        var frame = new FrameCollector();
        var complete = new AtomicBoolean();
        var clientClosed = new AtomicBoolean();
        var clientWentOn = new AtomicBoolean();
        return in.receive()
                .asByteArray()
                .doOnNext(piece -> clientWentOn.compareAndSet(false, complete.get()))
                .doOnComplete(() -> clientClosed.set(true))
                .concatMap(piece -> {
                    if (complete.get() || !frame.add(piece)) {
                        return Mono.empty();
                    }
                    complete.set(true);
                    var talk = new Talk(RpcFrame.decode(frame.collected()), out, clientClosed, clientWentOn);
                    requests.add(talk.request());
                    return Objects.requireNonNullElseGet(script.poll(), ScriptedSlurmd::saysNothing)
                            .play(talk);
                })
                .then();
    }
}

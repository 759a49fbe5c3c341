package io.adoptd.slurmd.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.SourceJob;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.auth.AuthPlugin;
import io.adoptd.slurmd.auth.Credentials;
import io.adoptd.slurmd.auth.MakeAnswer;
import io.adoptd.slurmd.auth.Token;
import io.adoptd.slurmd.auth.VerifyAnswer;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.SlurmVersion;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/**
 * The thread that has made the credential is held up whenever it has woken the event loop, as a busy machine may do at
 * any moment: here until the connection is over, or so long, for the slurmd closes right behind its answer. What comes while nobody
 * has subscribed to it is discarded.
 */
class LostAnswersTest {

    private static final int QUESTIONS = 300;
    private static final long HELD_UP_MILLIS = 100;
    private static final String MUNGE = "credentials";
    private static final CalleridAnswer JOB = new SourceJob(new JobId(4242));

    @Test
    void noAnswerIsLostHoweverLongTheThreadOfTheCredentialIsHeldUp() {
        Scheduler thread = Schedulers.newBoundedElastic(1, QUESTIONS, MUNGE);
        var credentials = new FakeCredentials();
        var answer = ScriptedSlurmd.closesAfter(new SlurmdReplies(credentials).job(4242));
        var loops = new HeldUpLoops();
        try (var slurmd =
                ScriptedSlurmd.that(Collections.nCopies(QUESTIONS, answer).toArray(ScriptedSlurmd.Line[]::new))) {
            var clock = LoginClock.monotonic(Schedulers.parallel());
            var callerid = new SlurmdCallerid(
                    new Aside(credentials, thread),
                    slurmd::settings,
                    () -> SlurmVersion.COMMON,
                    ScriptedSlurmd.patientSources(clock),
                    new Loops(loops));
            List<CalleridAnswer> answers = Flux.range(0, QUESTIONS)
                    .concatMap(i -> callerid.ask(slurmd.login(), Deadline.in(Duration.ofSeconds(20), clock)))
                    .collectList()
                    .blockOptional(Duration.ofSeconds(120))
                    .orElseThrow();
            assertThat(answers).hasSize(QUESTIONS);
            assertThat(answers.stream().filter(lost -> !lost.equals(JOB)))
                    .as("lost")
                    .isEmpty();
            assertThat(loops.heldUp).as("tasks whose thread was held up").hasValueGreaterThanOrEqualTo(QUESTIONS);
        } finally {
            loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
            thread.dispose();
        }
    }

    /** Makes credentials on a thread of its own, as munge's are. */
    private record Aside(FakeCredentials credentials, Scheduler thread) implements Credentials {

        @Override
        public AuthPlugin plugin() {
            return credentials.plugin();
        }

        @Override
        public Mono<MakeAnswer> make(Bytes payload, Deadline deadline) {
            return credentials.make(payload, deadline).subscribeOn(thread);
        }

        @Override
        public Mono<VerifyAnswer> verify(Token credential, Deadline deadline) {
            return credentials.verify(credential, deadline);
        }
    }

    /** One event loop; a thread of the credentials that has given it a task is held up. */
    private static final class HeldUpLoops extends MultiThreadIoEventLoopGroup {

        private final AtomicInteger heldUp = new AtomicInteger();
        private final AtomicReference<Channel> latest = new AtomicReference<>();

        HeldUpLoops() {
            super(1, new DefaultThreadFactory("held-up", true), EpollIoHandler.newFactory());
        }

        @Override
        protected IoEventLoop newChild(Executor executor, IoHandlerFactory handlers, Object... arguments) {
            return new SingleThreadIoEventLoop(this, executor, handlers) {
                @Override
                public void execute(Runnable task) {
                    super.execute(task);
                    if (Thread.currentThread().getName().startsWith(MUNGE)) {
                        heldUp.incrementAndGet();
                        Objects.requireNonNull(latest.get()).closeFuture().awaitUninterruptibly(HELD_UP_MILLIS);
                    }
                }
            };
        }
    }

    private record Loops(HeldUpLoops group) implements LoopResources {

        @Override
        public EventLoopGroup onServer(boolean useNative) {
            return group;
        }

        @Override
        public EventLoopGroup onClient(boolean useNative) {
            return group;
        }

        @Override
        public <C extends Channel> C onChannel(Class<C> type, EventLoopGroup loops) {
            var channel = new EpollSocketChannel();
            group.latest.set(channel);
            return type.cast(channel);
        }
    }
}

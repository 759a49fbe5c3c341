package io.adoptd.pipeline;

import io.adoptd.pipeline.model.AdoptOutcome;
import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.Furnishings;
import io.adoptd.pipeline.model.Inherited;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.Login;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Luggage;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.OwnedSteps;
import io.adoptd.pipeline.model.RecordAnswer;
import io.adoptd.pipeline.model.StepsAnswer;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.model.Wants;
import io.adoptd.pipeline.port.Adoption;
import io.adoptd.pipeline.port.Callerid;
import io.adoptd.pipeline.port.ExternSteps;
import io.adoptd.pipeline.port.JobSettings;
import io.adoptd.pipeline.port.LoginRecords;
import io.adoptd.pipeline.port.Processes;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.Slices;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A whole node by hand: all ports, each answering what the test says, each question written down. */
public final class FakeNode implements ExternSteps, Callerid, Adoption, Processes, JobSettings, LoginRecords {

    /** What was asked, in order: {@code steps}, {@code callerid}, {@code adopt 7}, … */
    public final List<String> asked = new ArrayList<>();

    private Mono<StepsAnswer> steps = Mono.just(new StepsAnswer.Found(Samples.owned()));
    private Mono<CalleridAnswer> callerid = Mono.just(new CalleridAnswer.Indeterminate());
    private final Map<Long, Mono<AdoptOutcome>> adoptions = new HashMap<>();
    private Mono<Membership> membership = Mono.just(new Membership.InStep());
    private Furnishings furnishings = Furnishings.NONE;
    private Mono<Inherited> inherited = Mono.just(Inherited.NOTHING);
    private Mono<RecordAnswer> record = Mono.just(new RecordAnswer.Kept());
    private boolean still = true;

    public FakeNode runs(ExternStep... steps) {
        return runs(Samples.owned(steps));
    }

    public FakeNode runs(OwnedSteps owned) {
        return steps(Mono.just(new StepsAnswer.Found(owned)));
    }

    public FakeNode steps(Mono<StepsAnswer> answer) {
        this.steps = answer;
        return this;
    }

    public FakeNode sourceJob(long job) {
        return callerid(Mono.just(new CalleridAnswer.SourceJob(new JobId(job))));
    }

    public FakeNode callerid(Mono<CalleridAnswer> answer) {
        this.callerid = answer;
        return this;
    }

    /** What the slurmstepd of this job answers; those not named accept. */
    public FakeNode adoption(long job, Mono<AdoptOutcome> outcome) {
        adoptions.put(job, outcome);
        return this;
    }

    public FakeNode membership(Mono<Membership> answer) {
        this.membership = answer;
        return this;
    }

    public FakeNode processGone() {
        this.still = false;
        return this;
    }

    /** What the slurmstepds give for a session, as far as it is wanted. */
    public FakeNode furnishes(Furnishings what) {
        this.furnishings = what;
        return this;
    }

    public FakeNode bequeaths(Inherited what) {
        return bequeaths(Mono.just(what));
    }

    public FakeNode bequeaths(Mono<Inherited> answer) {
        this.inherited = answer;
        return this;
    }

    /** What comes of writing a login down. */
    public FakeNode record(Mono<RecordAnswer> answer) {
        this.record = answer;
        return this;
    }

    public LoginPipeline pipeline() {
        return new LoginPipeline(this, this, this, this, this, this, Slices.DEFAULT);
    }

    @Override
    public Mono<StepsAnswer> ownedBy(Uid owner, @Nullable NodeName node, Deadline deadline) {
        return asked("steps", steps);
    }

    @Override
    public Mono<CalleridAnswer> ask(Connection connection, Deadline deadline) {
        return asked("callerid", callerid);
    }

    @Override
    public Mono<AdoptOutcome> adopt(
            LoginProcess process, ExternStep step, Wants wants, Luggage luggage, Deadline deadline) {
        return asked(
                "adopt " + step.job(),
                adoptions.getOrDefault(
                        step.job().value(), Mono.fromSupplier(() -> new AdoptOutcome.Accepted(given(wants)))));
    }

    @Override
    public Mono<AdoptOutcome> furnish(ExternStep step, Wants wants, Luggage luggage, Deadline deadline) {
        return asked("furnish " + step.job(), Mono.fromSupplier(() -> new AdoptOutcome.Accepted(given(wants))));
    }

    private Furnishings given(Wants wants) {
        return new Furnishings(
                wants.container() ? furnishings.container() : Furnishings.NONE.container(),
                wants.x11() ? furnishings.x11() : Furnishings.NONE.x11());
    }

    @Override
    public Mono<Inherited> inherit(LoginProcess process, ExternStep step, Deadline deadline) {
        return inherited;
    }

    @Override
    public Mono<Boolean> isStill(LoginProcess process) {
        return Mono.fromSupplier(() -> still);
    }

    @Override
    public Mono<Membership> membership(LoginProcess process, ExternStep step, Deadline deadline) {
        return asked("membership " + step.job(), membership);
    }

    @Override
    public Mono<RecordAnswer> keep(Login login, JobId job, Deadline deadline) {
        return asked("record " + job, record);
    }

    @Override
    public void forget(LoginProcess process) {
        asked.add("forget " + process.pid());
    }

    private <T> Mono<T> asked(String question, Mono<T> answer) {
        return Mono.defer(() -> {
            asked.add(question);
            return answer;
        });
    }
}

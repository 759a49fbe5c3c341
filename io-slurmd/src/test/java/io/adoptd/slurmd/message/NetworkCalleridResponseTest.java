package io.adoptd.slurmd.message;

import static io.adoptd.slurmd.wire.Mangled.hex;
import static io.adoptd.slurmd.wire.Mangled.raisesNothingButDecodeException;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.pipeline.model.CalleridAnswer.Failure;
import io.adoptd.pipeline.model.CalleridAnswer.Indeterminate;
import io.adoptd.pipeline.model.CalleridAnswer.NoAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.SourceJob;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.SlurmVersion;
import io.adoptd.slurmd.wire.Unpacker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkCalleridResponseTest {

    private static final long NO_VAL = NetworkCalleridResponse.NO_VAL;
    private static final long EXTERN = 0xffff_fffcL;

    @ParameterizedTest
    @EnumSource(names = {"V22_05", "V23_02", "V23_11", "V24_05", "V24_11", "V25_05"})
    void below25_11ItIsTheJobAlone(SlurmVersion version) {
        var text = hex("00001092 00000000 00000004 6e303100");
        assertThat(decode(text, version)).isEqualTo(new NetworkCalleridResponse(0, 4242, NO_VAL, NO_VAL, 0, "n01"));
    }

    @ParameterizedTest
    @EnumSource(names = {"V25_11", "V26_05"})
    void from25_11OnItIsTheWholeStepId(SlurmVersion version) {
        var text = hex("8000000000000001 00001092 fffffffc fffffffe 00000000 00000004 6e303100");
        assertThat(decode(text, version))
                .isEqualTo(new NetworkCalleridResponse(Long.MIN_VALUE + 1, 4242, EXTERN, NO_VAL, 0, "n01"));
    }

    @ParameterizedTest
    @CsvSource({
        "V24_11, 00000002 00000000 00000006 6e6f64654100",
        "V24_11, 00001092 00000000 00000004 6e303100",
        "V26_05, 0000000000000000 00000001 fffffffb fffffffe 00000000 00000006 6e6f64654200",
        "V26_05, 0000000000000000 00001092 fffffffc fffffffe 00000000 00000004 6e303100",
        "V25_11, 0000000000000000 fffffffe fffffffe fffffffe 00000000 00000004 6e303100"
    })
    void itIsReadAndWrittenBack(SlurmVersion version, String body) {
        assertThat(decode(hex(body), version).encode(version)).isEqualTo(hex(body));
        raisesNothingButDecodeException(hex(body), bytes -> decode(bytes, version));
    }

    @ParameterizedTest
    @CsvSource({
        "node_name, 00000002 00000000 00000000",
        "node_name, 00000002 00000000 00000001 00",
        "node_name, 00000002 00000000 00000003 6e3031",
        "node_name, 00000002 00000000 40000000 6e303100",
        "end,       00000002 00000000 00000004 6e303100 00"
    })
    void aReplyThatIsNotWhole(String field, String body) {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> decode(hex(body), SlurmVersion.V24_11))
                .returns(field, DecodeException::field);
    }

    @Test
    void neitherFormPassesForTheOther() {
        var shortForm = hex("00001092 00000000 00000004 6e303100");
        var longForm = hex("0000000000000000 00001092 fffffffc fffffffe 00000000 00000004 6e303100");
        assertThatExceptionOfType(DecodeException.class).isThrownBy(() -> decode(shortForm, SlurmVersion.V26_05));
        assertThatExceptionOfType(DecodeException.class).isThrownBy(() -> decode(longForm, SlurmVersion.V24_11));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 4242, 0xffff_ffefL})
    void aJobIsTheJobOfTheConnection(long job) {
        assertThat(response(job, 0).toAnswer()).isEqualTo(new SourceJob(new JobId(job)));
    }

    @Test
    void noValueMeansThatTheSlurmdDoesNotSay() {
        assertThat(response(NO_VAL, 0).toAnswer()).isEqualTo(new Indeterminate());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 0xffff_fff0L, 0xffff_fffdL, 0xffff_ffffL})
    void whatIsNeitherJobNorNoValueIsRefusedWithItsNumber(long job) {
        assertThat(response(job, 0).toAnswer()).isEqualTo(new NoAnswer(Failure.UNREADABLE, "job_id " + job));
    }

    @Test
    void aReturnCodeIsNeverReadAsHarmless() {
        assertThat(response(4242, 2002).toAnswer()).isEqualTo(new NoAnswer(Failure.SLURM_ERROR, "return code 2002"));
    }

    private static NetworkCalleridResponse response(long job, long returnCode) {
        return new NetworkCalleridResponse(0, job, NO_VAL, NO_VAL, returnCode, "n01");
    }

    private static NetworkCalleridResponse decode(Bytes body, SlurmVersion version) {
        return NetworkCalleridResponse.decode(new Unpacker(body), version);
    }
}

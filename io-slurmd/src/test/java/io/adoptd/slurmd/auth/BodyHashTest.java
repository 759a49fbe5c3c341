package io.adoptd.slurmd.auth;

import static io.adoptd.slurmd.wire.Mangled.changes;
import static io.adoptd.slurmd.wire.Mangled.cuts;
import static io.adoptd.slurmd.wire.Mangled.hex;
import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.slurmd.wire.Bytes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BodyHashTest {

    private static final String V1 = """
            00000010 c000020a000000000000000000000000 00000010 c0000214000000000000000000000000 \
            00009c40 00000016 00000002""";
    private static final String V2 = """
            00000010 20010db800000000000000000000000a 00000010 20010db8000000000000000000000014 \
            00009c40 00000016 0000000a""";

    @Test
    void k12OfNothingIsThePublishedOne() {
        assertThat(Bytes.of(BodyHash.K12.digest(new byte[0], new byte[0])))
                .isEqualTo(hex("1ac2d450fc3b4205d19da7bfca1b37513c0803577ac7167f06fe2ce1f0ef39e5"));
    }

    /** R: captured from a slurmd; V: computed by an implementation that reproduces what was captured. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "R1, 6012, 00000001 00000000 00000006 6e6f64654100,"
                + "0283df5af851ab9a33fd82da08af0dc85b5b6e9d2d0e042cfee2b809451ce29a5e",
        "R2, 5036, 00000002 00000000 00000006 6e6f64654100,"
                + "0267126e017e0cb5f36d7b665737a6fb8e78bb1ac757c95e1519910c0c5b99d1c2",
        "R3, 5036, 0000000000000000 00000001 fffffffb fffffffe 00000000 00000006 6e6f64654200,"
                + "0227f275c5939aecd55be9b2559205fb0e1e107a8e8718086ae1f5c2f21355c6f9",
        "V1, 5035," + V1 + ",028b9209e7a3641ab1b855b2d4ca04f405b4de6fd3c9054c19db56510e0134c6bb",
        "V2, 5035," + V2 + ",02fe480c16c16f5d9a0689a25ded4d655ca687af2bc334a6cbcf88eef93a9b14c2",
        "V3, 5036, 00001092 00000000 00000004 6e303100,"
                + "02df5efd86d0a4a738044862718480a5a1f6754d57d82e10b384706db126752bab",
        "V4, 5036, 0000000000000000 00001092 fffffffc fffffffe 00000000 00000004 6e303100,"
                + "02af5bd9b9914c81f5b38349b3f9ca23b2a44f02cbbcbf81edfd78c66450793753",
        "V5, 8001, 00000000, 02e4131db9673e46adbeeb1d46262f892bfca0cfd193730a3b9ab72758a8c48411",
        "R5, 8001, 0000138b, 02f4b1eb0bd6dc30dc8aafef802c3ffa946d1f19928cc5617ab6ca05b0f977af88",
        "V6, 1008, '',       025d5247bbb9ae435b2674a601f4a615de08d36c074c352457612d21db790784f9",
        "V7, 2013, 000004d2, 025f6021d09d8df472ec1b407dc15a437896d3b5ef16adb917928b0a3ea7b29df2"
    })
    void k12BindsAsSlurmsDoes(String id, int type, String body, String payload) {
        assertThat(BodyHash.K12.payload(type, hex(body))).as(id).isEqualTo(hex(payload));
        assertThat(BodyHash.binds(hex(payload), type, hex(body))).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "R4, 5036, 00000001 00000000 00000006 6e6f64654200,"
                + "04d7eb40ae95cd474549df3269e2ded2bb09b120e4302f210f5605e752a725d528",
        "V1, 5035," + V1 + ",0499460f53498899586d9e894e31697657780973f6abf469dcafeb6ef473544fe1",
        "V2, 5035," + V2 + ",044ef20ade0262487924ea71ec52c9876507d01611d9a1e2eec7796cfaa2a55d74",
        "V3, 5036, 00001092 00000000 00000004 6e303100,"
                + "0466ff7bb9aef51bc24c3e5fcb431d587c09f8035f9a34acb418b762d6e045f699",
        "V4, 5036, 0000000000000000 00001092 fffffffc fffffffe 00000000 00000004 6e303100,"
                + "0457f44532b8449fa790705c3e2ed717462a65b4ba51cba10676d38d1e8d82f290",
        "V5, 8001, 00000000, 04b7e0875f6027c8792570c56820c050cd53d382d270029d447dda2c3e5f602fec",
        "R5, 8001, 0000138b, 04fe3f3eb15986b1ca2a9cae8186b84850812053184fec2349c5c60c893b12e333",
        "V6, 1008, '',       04ec59db1952a3c7eabb192bedf1470de773058785443fb8bb40cdf6c5bc1e4fcf",
        "V7, 2013, 000004d2, 04d069abeea328f7d21d450a5b85383caa470d4bfdd978a4e7ae35bf70497394bc"
    })
    void sha3BindsAsSlurmsDoes(String id, int type, String body, String payload) {
        assertThat(BodyHash.SHA3.payload(type, hex(body))).as(id).isEqualTo(hex(payload));
        assertThat(BodyHash.binds(hex(payload), type, hex(body))).isTrue();
    }

    @Test
    void anotherTypeOrAnotherBodyIsNotBound() {
        var body = hex("00001092 00000000 00000004 6e303100");
        var payload = BodyHash.K12.payload(5036, body);
        assertThat(BodyHash.binds(payload, 5035, body)).isFalse();
        assertThat(changes(body)).noneMatch(other -> BodyHash.binds(payload, 5036, other));
    }

    @Test
    void noOtherPayloadBinds() {
        var body = hex("00000000");
        var payload = BodyHash.K12.payload(8001, body);
        assertThat(changes(payload)).noneMatch(other -> BodyHash.binds(other, 8001, body));
        assertThat(cuts(payload)).noneMatch(other -> BodyHash.binds(other, 8001, body));
    }

    /** Slurm takes all of these, unless told otherwise. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "011f41",
                "00e4131db9673e46adbeeb1d46262f892bfca0cfd193730a3b9ab72758a8c48411",
                "01e4131db9673e46adbeeb1d46262f892bfca0cfd193730a3b9ab72758a8c48411",
                "02",
                "02e4131db9673e46adbeeb1d46262f892bfca0cfd193730a3b9ab72758a8c4841100"
            })
    void aWeakPayloadBindsNothing(String payload) {
        assertThat(BodyHash.binds(hex(payload), 8001, hex("00000000"))).isFalse();
    }
}

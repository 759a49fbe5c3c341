package io.adoptd.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.model.Uid;
import org.junit.jupiter.api.Test;

class UsersIT {

    @Test
    void aNameHasItsUid() {
        assertThat(Users.uidOf("root")).contains(new Uid(0));
        assertThat(Users.uidOf("daemon")).contains(new Uid(1));
    }

    @Test
    void nobodysNameHasNone() {
        assertThat(Users.uidOf("no-such-user")).isEmpty();
        assertThat(Users.uidOf("")).isEmpty();
    }
}

package io.adoptd.pipeline.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class LuggageTest {

    private final ArrayList<String> returned = new ArrayList<>();
    private final Luggage luggage = new Luggage();

    @Test
    void everythingIsGivenBackOnce() {
        luggage.keep(() -> returned.add("a"));
        luggage.keep(() -> returned.add("b"));
        assertThat(returned).isEmpty();
        luggage.close();
        luggage.close();
        assertThat(returned).containsExactly("a", "b");
    }

    @Test
    void whatComesTooLateIsGivenBackAtOnce() {
        luggage.close();
        luggage.keep(() -> returned.add("late"));
        assertThat(returned).containsExactly("late");
    }
}

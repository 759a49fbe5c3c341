package io.adoptd.pipeline.model;

import java.time.Duration;

/**
 * One thing that a login asked, and what it cost.
 *
 * @param name {@code steps}, {@code callerid}, {@code adopt} or {@code membership}
 * @param outcome one word for the answer
 * @param why what the log should add; empty when the word says it all
 */
public record Stage(String name, String outcome, String why, Duration took) {}

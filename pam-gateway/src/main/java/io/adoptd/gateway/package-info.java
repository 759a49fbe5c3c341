/** Starts the daemon and joins its parts: the only code that says {@code new} to an adapter. */
@NullMarked
package io.adoptd.gateway;

import org.jspecify.annotations.NullMarked;

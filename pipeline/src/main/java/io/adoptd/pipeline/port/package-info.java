/** What the decision asks of the world; every adapter passes the contract of its port. */
@NullMarked
package io.adoptd.pipeline.port;

import org.jspecify.annotations.NullMarked;

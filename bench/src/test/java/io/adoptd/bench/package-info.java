/** What a login costs, counted. */
@NullMarked
package io.adoptd.bench;

import org.jspecify.annotations.NullMarked;

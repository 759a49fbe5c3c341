/** The demo: a login of each kind on a simulated node, as a table. */
@NullMarked
package io.adoptd.bench.demo;

import org.jspecify.annotations.NullMarked;

/** The one deadline of a login and the slices that its calls get of it. */
@NullMarked
package io.adoptd.pipeline.time;

import org.jspecify.annotations.NullMarked;

/** A process held by a descriptor, which no recycled pid can stand in for. */
@NullMarked
package io.adoptd.kernel.pidfd;

import org.jspecify.annotations.NullMarked;

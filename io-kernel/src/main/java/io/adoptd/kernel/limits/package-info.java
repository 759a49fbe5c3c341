/** Resource limits of other processes. */
@NullMarked
package io.adoptd.kernel.limits;

import org.jspecify.annotations.NullMarked;

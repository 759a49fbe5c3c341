/** libc under C's own names, and the records in which the other packages speak to it. */
@NullMarked
package io.adoptd.kernel.libc;

import org.jspecify.annotations.NullMarked;

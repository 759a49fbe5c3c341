/** What {@code /proc} tells: text in, record out. */
@NullMarked
package io.adoptd.kernel.proc;

import org.jspecify.annotations.NullMarked;

/** What the kernel knows of processes: of a login's, of a peer's, of our own. */
@NullMarked
package io.adoptd.kernel;

import org.jspecify.annotations.NullMarked;

/** slurm.conf: where it is, what it says, and which of its nodes this host is. */
@NullMarked
package io.adoptd.slurmd.conf;

import org.jspecify.annotations.NullMarked;

/** One record for each Slurm message that is sent or read here, with its codec. */
@NullMarked
package io.adoptd.slurmd.message;

import org.jspecify.annotations.NullMarked;

/** Slurm's pack format: its primitives with their bounds, its versions, the header of an RPC. */
@NullMarked
package io.adoptd.slurmd.wire;

import org.jspecify.annotations.NullMarked;

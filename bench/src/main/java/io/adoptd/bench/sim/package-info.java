/** A node by simulation: real sockets, real frames, no Slurm. For the demo and the benches; it proves no interoperability. */
@NullMarked
package io.adoptd.bench.sim;

import org.jspecify.annotations.NullMarked;

/** This node's slurmstepds: where their sockets are, one conversation with one of them, and the ports that need it. */
@NullMarked
package io.adoptd.slurmd.stepd;

import org.jspecify.annotations.NullMarked;

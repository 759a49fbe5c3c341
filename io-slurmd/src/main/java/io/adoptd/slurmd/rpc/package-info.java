/** One exchange with a slurmd over TCP. */
@NullMarked
package io.adoptd.slurmd.rpc;

import org.jspecify.annotations.NullMarked;

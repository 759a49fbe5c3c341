/** Where Slurm puts a step's processes, held against where the kernel says a process is. */
@NullMarked
package io.adoptd.kernel.cgroup;

import org.jspecify.annotations.NullMarked;

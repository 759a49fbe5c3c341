@NullMarked
package io.adoptd.slurmd.stepd;

import org.jspecify.annotations.NullMarked;

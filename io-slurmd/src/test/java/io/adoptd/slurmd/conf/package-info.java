@NullMarked
package io.adoptd.slurmd.conf;

import org.jspecify.annotations.NullMarked;

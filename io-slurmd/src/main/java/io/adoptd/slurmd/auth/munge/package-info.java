/** Credentials of munge, made and checked through its own library. */
@NullMarked
package io.adoptd.slurmd.auth.munge;

import org.jspecify.annotations.NullMarked;

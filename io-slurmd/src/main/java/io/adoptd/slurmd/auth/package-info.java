/** Who sent a message: credentials, the block that carries one, and the hash that binds it to a body. */
@NullMarked
package io.adoptd.slurmd.auth;

import org.jspecify.annotations.NullMarked;

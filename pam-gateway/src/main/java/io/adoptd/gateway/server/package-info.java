/** The Unix-socket server: peer check, one frame in, one frame out. */
@NullMarked
package io.adoptd.gateway.server;

import org.jspecify.annotations.NullMarked;

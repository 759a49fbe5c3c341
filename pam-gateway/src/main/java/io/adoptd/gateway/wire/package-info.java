/** The frame between the PAM module and the daemon, byte for byte as docs/gateway-frame.md has it. */
@NullMarked
package io.adoptd.gateway.wire;

import org.jspecify.annotations.NullMarked;

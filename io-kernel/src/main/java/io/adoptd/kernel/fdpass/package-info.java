/** Descriptors through Unix sockets: {@code SCM_RIGHTS}. */
@NullMarked
package io.adoptd.kernel.fdpass;

import org.jspecify.annotations.NullMarked;

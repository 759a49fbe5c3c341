/** The one line that each login leaves, and where lines go. */
@NullMarked
package io.adoptd.gateway.log;

import org.jspecify.annotations.NullMarked;

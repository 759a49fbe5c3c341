/** adoptctl, the administrator's command. */
@NullMarked
package io.adoptd.gateway.cli;

import org.jspecify.annotations.NullMarked;

/** adoptd.conf: read once, checked whole, never changed. */
@NullMarked
package io.adoptd.gateway.config;

import org.jspecify.annotations.NullMarked;

/** What a login is, what the world answered, and what the login got: values and closed answers. */
@NullMarked
package io.adoptd.pipeline.model;

import org.jspecify.annotations.NullMarked;

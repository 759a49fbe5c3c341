/** The way of one login from its question to its verdict. */
@NullMarked
package io.adoptd.pipeline;

import org.jspecify.annotations.NullMarked;

/** Measures the product: one class a question. */
@NullMarked
package io.adoptd.bench;

import org.jspecify.annotations.NullMarked;

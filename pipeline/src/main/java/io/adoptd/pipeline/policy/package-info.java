/** The decision table of pam_slurm_adopt's page as data, and the plain functions that read it. */
@NullMarked
package io.adoptd.pipeline.policy;

import org.jspecify.annotations.NullMarked;

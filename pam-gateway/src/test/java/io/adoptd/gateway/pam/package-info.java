/** Tests of the PAM module as sshd meets it: the built pam_adoptd.so, loaded and asked. */
@NullMarked
package io.adoptd.gateway.pam;

import org.jspecify.annotations.NullMarked;

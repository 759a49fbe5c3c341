/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session module that gives a login another root, for bench/lab/differential: all that the old one has, but an empty
 * /run. Only a process of sshd itself can change its own root, so that pam_exec is of no use here.
 */
#define _GNU_SOURCE

#include <sched.h>
#include <security/pam_modules.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROOT "/lab-root"

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("/", ROOT, NULL, MS_BIND | MS_REC, NULL) != 0 || mount("run", ROOT "/run", "tmpfs", 0, "mode=755") != 0 ||
	    chdir(ROOT) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
		return PAM_SESSION_ERR;
	return PAM_SUCCESS;
}

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

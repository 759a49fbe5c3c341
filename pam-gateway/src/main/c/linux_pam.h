/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few names of Linux-PAM's binary interface this module uses, so that it builds where only libpam.so.0 is there.
 *
 * Numbers, layouts and prototypes are those of libpam's own headers; src/test/c/pam_abi.c holds this file against them
 * wherever they exist. The manual pages are pam(8), pam_get_item(3), pam_conv(3), pam_putenv(3), pam_set_data(3) and
 * pam_syslog(3).
 */
#ifndef ADOPTD_LINUX_PAM_H
#define ADOPTD_LINUX_PAM_H

typedef struct pam_handle pam_handle_t;

enum {	/* what a module returns */
	PAM_SUCCESS = 0,
	PAM_PERM_DENIED = 6,
	PAM_SESSION_ERR = 14,
	PAM_IGNORE = 25,
	PAM_BAD_ITEM = 29,
};

enum {	/* what pam_get_item is asked for */
	PAM_SERVICE = 1,
	PAM_RHOST = 4,
	PAM_CONV = 5,
};

enum { PAM_ERROR_MSG = 3 };	/* the style of a message */
enum { PAM_SILENT = 0x8000 };	/* the flag that forbids messages */

struct pam_message {
	int msg_style;
	const char *msg;
};

struct pam_response {
	char *resp;
	int resp_retcode;
};

struct pam_conv {
	int (*conv)(int num_msg, const struct pam_message **msg, struct pam_response **resp, void *appdata_ptr);
	void *appdata_ptr;
};

extern int pam_get_item(const pam_handle_t *pamh, int item_type, const void **item);
extern int pam_get_user(pam_handle_t *pamh, const char **user, const char *prompt);
extern int pam_putenv(pam_handle_t *pamh, const char *name_value);
extern int pam_set_data(pam_handle_t *pamh, const char *module_data_name, void *data,
			void (*cleanup)(pam_handle_t *pamh, void *data, int error_status));
extern int pam_get_data(const pam_handle_t *pamh, const char *module_data_name, const void **data);
extern void pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The entries libpam looks up in a module; nothing else of it is visible. */
extern __attribute__((visibility("default")))
int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv);
extern __attribute__((visibility("default")))
int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv);
extern __attribute__((visibility("default")))
int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv);

#endif

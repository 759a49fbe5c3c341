/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds linux_pam.h against libpam's own headers: what is the same compiles. Ours comes first under other names, except
 * for the functions, whose second declaration the compiler itself compares with the first.
 */
#define NAMES(name) \
	name(PAM_SUCCESS) name(PAM_PERM_DENIED) name(PAM_SESSION_ERR) name(PAM_IGNORE) name(PAM_BAD_ITEM) \
	name(PAM_SERVICE) name(PAM_RHOST) name(PAM_CONV) name(PAM_ERROR_MSG) name(PAM_SILENT)

#define PAM_SUCCESS OUR_PAM_SUCCESS
#define PAM_PERM_DENIED OUR_PAM_PERM_DENIED
#define PAM_SESSION_ERR OUR_PAM_SESSION_ERR
#define PAM_IGNORE OUR_PAM_IGNORE
#define PAM_BAD_ITEM OUR_PAM_BAD_ITEM
#define PAM_SERVICE OUR_PAM_SERVICE
#define PAM_RHOST OUR_PAM_RHOST
#define PAM_CONV OUR_PAM_CONV
#define PAM_ERROR_MSG OUR_PAM_ERROR_MSG
#define PAM_SILENT OUR_PAM_SILENT
#define pam_message our_pam_message
#define pam_response our_pam_response
#define pam_conv our_pam_conv
#include "../../main/c/linux_pam.h"
#undef PAM_SUCCESS
#undef PAM_PERM_DENIED
#undef PAM_SESSION_ERR
#undef PAM_IGNORE
#undef PAM_BAD_ITEM
#undef PAM_SERVICE
#undef PAM_RHOST
#undef PAM_CONV
#undef PAM_ERROR_MSG
#undef PAM_SILENT
#undef pam_message
#undef pam_response
#undef pam_conv

#include <security/pam_modules.h>
#include <security/pam_ext.h>

#include <stddef.h>

#define SAME_NUMBER(name) _Static_assert((int)OUR_##name == (name), #name);
NAMES(SAME_NUMBER)

#define SAME_SIZE(type) _Static_assert(sizeof(struct our_##type) == sizeof(struct type), #type)
#define SAME_PLACE(type, field) \
	_Static_assert(offsetof(struct our_##type, field) == offsetof(struct type, field) && \
		       __builtin_types_compatible_p(__typeof__(((struct our_##type *)0)->field), \
						    __typeof__(((struct type *)0)->field)), #type "." #field)

SAME_SIZE(pam_message);
SAME_PLACE(pam_message, msg_style);
SAME_PLACE(pam_message, msg);
SAME_SIZE(pam_response);
SAME_PLACE(pam_response, resp);
SAME_PLACE(pam_response, resp_retcode);
SAME_SIZE(pam_conv);
SAME_PLACE(pam_conv, appdata_ptr);
/* conv takes pointers to the renamed structs, so its type is compared with them named back. */
_Static_assert(offsetof(struct our_pam_conv, conv) == offsetof(struct pam_conv, conv), "pam_conv.conv");
_Static_assert(__builtin_types_compatible_p(__typeof__(((struct pam_conv *)0)->conv),
	int (*)(int, const struct pam_message **, struct pam_response **, void *)), "pam_conv.conv");
_Static_assert(__builtin_types_compatible_p(__typeof__(((struct our_pam_conv *)0)->conv),
	int (*)(int, const struct our_pam_message **, struct our_pam_response **, void *)), "pam_conv.conv");

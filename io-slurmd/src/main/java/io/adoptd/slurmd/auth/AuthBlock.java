package io.adoptd.slurmd.auth;

import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.Packer;
import io.adoptd.slurmd.wire.Unpacker;

/**
 * What stands between header and body of a message that says who sent it: no uid and no hash, those are inside the
 * credential. Source: Slurm src/interfaces/auth.c, {@code auth_g_pack}, of one layout from 22.05 to 26.05.
 */
public record AuthBlock(AuthPlugin plugin, Token credential) {

    public static AuthBlock decode(Unpacker in) {
        return new AuthBlock(plugin(in), credential(in));
    }

    public void encode(Packer out) {
        out.uint32(plugin.id()).string(credential.reveal());
    }

    private static AuthPlugin plugin(Unpacker in) {
        int start = in.offset();
        long id = in.uint32("plugin_id");
        return AuthPlugin.ofId(id).orElseThrow(() -> new DecodeException("plugin_id", start, "auth plugin " + id));
    }

    private static Token credential(Unpacker in) {
        int start = in.offset();
        String text = in.string("credential", Token.MAX_LENGTH);
        if (!Token.isToken(text)) {
            throw new DecodeException("credential", start, "not printable ASCII");
        }
        return new Token(text);
    }
}

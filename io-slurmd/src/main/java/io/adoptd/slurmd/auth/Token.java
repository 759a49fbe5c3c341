package io.adoptd.slurmd.auth;

/**
 * A credential as it travels: printable ASCII. Who holds it can use it, so it never prints itself.
 */
public final class Token {

    /** Most characters of one; those of munge have about 200, those of auth/slurm grow with the user's groups. */
    public static final int MAX_LENGTH = 32 * 1024;

    private final String text;

    public Token(String text) {
        if (!isToken(text)) {
            throw new IllegalArgumentException("not a credential");
        }
        this.text = text;
    }

    public static boolean isToken(String text) {
        return !text.isEmpty() && text.length() <= MAX_LENGTH && text.chars().allMatch(c -> c > ' ' && c < 0x7f);
    }

    /** The credential itself: for the wire and for the service that checks it, never for a log. */
    public String reveal() {
        return text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Token that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return "Token[" + text.length() + " characters]";
    }
}

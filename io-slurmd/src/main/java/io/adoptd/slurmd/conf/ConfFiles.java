package io.adoptd.slurmd.conf;

import java.io.IOException;
import java.nio.file.Path;

/** Where the text of a slurm.conf and of what it includes comes from. */
interface ConfFiles {

    /**
     * The whole text of a file.
     *
     * @throws java.nio.file.NoSuchFileException if there is none
     */
    String text(Path file) throws IOException;
}

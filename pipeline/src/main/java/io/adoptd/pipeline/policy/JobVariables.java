package io.adoptd.pipeline.policy;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The variables of a job that an administrator may list for its sessions, and the form that each value must have.
 *
 * <p>A name is here only if no value of its form makes a program that root runs use another file, program, library,
 * server or secret. So most of what Slurm's own commands read is missing: {@code SLURM_CONF}, {@code SLURM_CLUSTERS},
 * {@code SLURM_HOSTFILE}, {@code SLURM_TASK_PROLOG}, {@code SLURM_NODE_ALIASES} and many more. A new name needs a look at
 * every program that reads it. Source: Slurm 26.05, doc/man/man1/srun.1 and sbatch.1, and what its commands look up.
 */
final class JobVariables {

    /** What a value may be. The whole value has to match. */
    private enum Form {
        /** A number, or numbers as Slurm counts per node: {@code 72(x2),36}. */
        COUNTS("[0-9,()x-]*"),

        /** Small numbers: {@code 8} or {@code 8,2}. */
        THREADS("[0-9]{1,4}(?:,[0-9]{1,4}){0,7}"),

        /** Names of nodes, partitions, accounts. Without a slash: {@code srun} takes a node list with one for a file. */
        NAMES("(?:[A-Za-z0-9_\\[(][A-Za-z0-9_.,:;@+=\\[\\]()*-]*)?"),

        /** What Slurm counts, by its name: {@code cpu:2,gres/gpu:a100:1}. */
        RESOURCES("(?:[A-Za-z0-9_][A-Za-z0-9_.,:=()*/-]*)?"),

        /** Devices by number or by name: {@code 0,1}, {@code MIG-GPU-b1c2/1/0}, {@code level_zero:*}. */
        DEVICES("(?:[A-Za-z0-9_*][A-Za-z0-9_.,:;*/-]*)?"),

        /** An absolute path. */
        DIRECTORY("/.*"),

        /** Whatever can be printed. */
        TEXT(".*");

        private final Pattern pattern;

        Form(String regex) {
            this.pattern = Pattern.compile(regex);
        }

        boolean fits(String value) {
            return pattern.matcher(value).matches();
        }
    }

    /** What the parts of a heterogeneous job add to a name of Slurm's. */
    private static final String HET = "_HET_GROUP_";

    private static final Pattern HET_NAME = Pattern.compile("(SLURM_[A-Z_]+)" + HET + "[0-9]{1,3}");

    private static final Map<String, Form> SLURM = forms(
            named(
                    Form.COUNTS,
                    "SLURM_ARRAY_JOB_ID",
                    "SLURM_ARRAY_TASK_COUNT",
                    "SLURM_ARRAY_TASK_ID",
                    "SLURM_ARRAY_TASK_MAX",
                    "SLURM_ARRAY_TASK_MIN",
                    "SLURM_ARRAY_TASK_STEP",
                    "SLURM_CPUS_ON_NODE",
                    "SLURM_CPUS_PER_GPU",
                    "SLURM_CPUS_PER_TASK",
                    "SLURM_GTIDS",
                    "SLURM_HET_SIZE",
                    "SLURM_JOBID",
                    "SLURM_JOB_CPUS_PER_NODE",
                    "SLURM_JOB_END_TIME",
                    "SLURM_JOB_GID",
                    "SLURM_JOB_NUM_NODES",
                    "SLURM_JOB_START_TIME",
                    "SLURM_JOB_UID",
                    "SLURM_LOCALID",
                    "SLURM_MEM_PER_CPU",
                    "SLURM_MEM_PER_GPU",
                    "SLURM_MEM_PER_NODE",
                    "SLURM_NNODES",
                    "SLURM_NODEID",
                    "SLURM_NPROCS",
                    "SLURM_NTASKS",
                    "SLURM_NTASKS_PER_CORE",
                    "SLURM_NTASKS_PER_GPU",
                    "SLURM_NTASKS_PER_NODE",
                    "SLURM_NTASKS_PER_SOCKET",
                    "SLURM_OVERCOMMIT",
                    "SLURM_PRIO_PROCESS",
                    "SLURM_PROCID",
                    "SLURM_RESTART_COUNT",
                    "SLURM_SHARDS_ON_NODE",
                    "SLURM_STEPID",
                    "SLURM_STEP_ID",
                    "SLURM_STEP_NUM_NODES",
                    "SLURM_STEP_NUM_TASKS",
                    "SLURM_STEP_TASKS_PER_NODE",
                    "SLURM_TASKS_PER_NODE",
                    "SLURM_TASK_PID",
                    "SLURM_THREADS_PER_CORE"),
            named(
                    Form.NAMES,
                    "SLURM_CLUSTER_NAME",
                    "SLURM_JOB_ACCOUNT",
                    "SLURM_JOB_LICENSES",
                    "SLURM_JOB_NODELIST",
                    "SLURM_JOB_PARTITION",
                    "SLURM_JOB_QOS",
                    "SLURM_JOB_RESERVATION",
                    "SLURM_JOB_USER",
                    "SLURM_NODELIST",
                    "SLURM_STEP_NODELIST",
                    "SLURM_SUBMIT_HOST",
                    "SLURM_TOPOLOGY_ADDR",
                    "SLURM_TOPOLOGY_ADDR_PATTERN"),
            named(
                    Form.RESOURCES,
                    "SLURM_GPUS",
                    "SLURM_GPUS_ON_NODE",
                    "SLURM_GPUS_PER_NODE",
                    "SLURM_GPUS_PER_SOCKET",
                    "SLURM_GPUS_PER_TASK",
                    "SLURM_JOB_GPUS",
                    "SLURM_STEP_GPUS",
                    "SLURM_TRES_PER_TASK"),
            named(Form.TEXT, "SLURM_JOB_NAME"),
            named(Form.DIRECTORY, "SLURM_SUBMIT_DIR"));

    private static final Map<String, Form> OTHERS = forms(
            named(
                    Form.DEVICES,
                    "CUDA_DEVICE_ORDER",
                    "CUDA_VISIBLE_DEVICES",
                    "GPU_DEVICE_ORDINAL",
                    "HIP_VISIBLE_DEVICES",
                    "NEURON_RT_VISIBLE_CORES",
                    "NVIDIA_VISIBLE_DEVICES",
                    "ONEAPI_DEVICE_SELECTOR",
                    "ROCR_VISIBLE_DEVICES",
                    "ZE_AFFINITY_MASK"),
            named(
                    Form.THREADS,
                    "BLIS_NUM_THREADS",
                    "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE",
                    "JULIA_NUM_THREADS",
                    "MKL_NUM_THREADS",
                    "NUMEXPR_NUM_THREADS",
                    "OMP_NUM_THREADS",
                    "OMP_THREAD_LIMIT",
                    "OPENBLAS_NUM_THREADS"));

    private JobVariables() {}

    private static Map<String, Form> named(Form form, String... names) {
        return Stream.of(names).collect(Collectors.toMap(name -> name, name -> form));
    }

    @SafeVarargs
    private static Map<String, Form> forms(Map<String, Form>... groups) {
        var all = new TreeMap<String, Form>();
        for (Map<String, Form> group : groups) {
            all.putAll(group);
        }
        return Collections.unmodifiableMap(all);
    }

    /** Whether a variable of this name may be listed, and this value be handed on. */
    static boolean isAllowed(String name, String value) {
        return form(name).filter(form -> form.fits(value)).isPresent();
    }

    /** Whether a variable of this name may be listed. */
    static boolean isKnown(String name) {
        return form(name).isPresent();
    }

    /** Whether any variable whose name begins so may be listed. */
    static boolean isBeginning(String beginning) {
        return Stream.of(SLURM, OTHERS)
                        .flatMap(names -> names.keySet().stream())
                        .anyMatch(name -> name.startsWith(beginning))
                || SLURM.keySet().stream().anyMatch(name -> (name + HET).startsWith(beginning))
                || isKnown(beginning);
    }

    private static Optional<Form> form(String name) {
        Matcher het = HET_NAME.matcher(name);
        return Optional.ofNullable(
                het.matches() ? SLURM.get(het.group(1)) : SLURM.getOrDefault(name, OTHERS.get(name)));
    }

    /** What may be listed, for whoever listed something else that begins as {@code wrong}. */
    static String all(String wrong) {
        String others = String.join(", ", OTHERS.keySet());
        return wrong.startsWith("SLURM_")
                ? String.join(", ", SLURM.keySet())
                : "SLURM_* (what Slurm tells a job of itself), " + others;
    }
}

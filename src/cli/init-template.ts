/** The sweep file that `titrate init` writes: runs as it is, in the built-in simulated world. */
export const INIT_TEMPLATE = `# A sweep: which data mixture is best at the target scale, found with cheap runs where they tell.
# Runs as it is, in a simulated world: titrate run sweep.yaml
# config/reference.yaml of the titrate package shows every key.

name: my-sweep

# What a run reports and what is wanted of it. Also: { maximize: accuracy }, or several metrics with
# weights: { minimize: { book_ce: 0.5, arxiv_ce: 0.5 } }.
objective: { minimize: book_ce }

# The data domains; the shares of a mixture sum to 1. min and max bound a share, share fixes it;
# tokens is how many there are, for maxEpochs.
domains:
  wikipedia: { tokens: 24e9 }
  github: { min: 0.02, max: 0.40, tokens: 59e9 }
  book: { tokens: 26e9 }
  stackexchange: { tokens: 20e9 }
  arxiv: { tokens: 28e9 }

# Limits on several domains together.
groups:
  - { domains: [github, stackexchange], max: 0.5 }

# No domain may be seen more often than this in the target run.
maxEpochs: 4

# Model sizes from cheap to costly. A run may stop at any of its steps; earlier ones are free on the way.
scales:
  20M: { parameters: 20e6, tokensPerStep: 524288, steps: [2000, 6000, 12000, 19600] }
  150M: { parameters: 150e6, tokensPerStep: 524288, steps: [2000, 6000, 12000, 19600] }
  1B: { parameters: 1e9, tokensPerStep: 1048576, steps: [2000, 6000, 12000, 19600] }

# The run that the mixture is for.
target: { scale: 1B, steps: 19600 }

# flop counts 6 x parameters x tokens, in EFLOP. Also: { kind: gpu-hours, perStep: { 20M: 0.001, ... }, price: 2.5 }.
# perJob is what every start of a job costs beside its steps (default 0): nodes that wait, compiling, loading.
cost: { kind: flop }

# How much may be spent in all, as a number of target runs or as { cost: 600 }.
budget: { targetRuns: 4 }

# Jobs at once.
parallel: 4

policy: titrate

# Where the runs are made. Your own training command, once per run, in a folder of its own:
#   launcher: { kind: local, command: [python, ./train.py] }
launcher: { kind: simulator, world: slimpajama, secondsPerUnit: 0.01 }

# How often the recommended mixture is to have run to the target at the end.
confirm: 1

# The same file with the same seed decides the same.
seed: 7
`;

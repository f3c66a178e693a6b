/** What a failed call of Slurm means; the texts are those of Slurm 22.05. */
import { describe, expect, it } from 'vitest';
import { unanswered } from '../../src/launchers/slurm/slurm-calls.js';
import { readAnswer } from '../../src/launchers/slurm/slurm-answers.js';

const failed = (stderr: string, code = 1) => readAnswer({ code, isTimedOut: false, stdout: '', stderr }).kind;

describe('what sbatch says', () => {
  it.each([
    'sbatch: error: Batch job submission failed: Invalid partition name specified',
    'sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified',
    'sbatch: error: Batch job submission failed: Invalid qos specification',
    'sbatch: error: Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)',
    'sbatch: error: Batch job submission failed: More processors requested than permitted',
    'sbatch: error: CPU count per node can not be satisfied\nsbatch: error: Batch job submission failed: Requested node configuration is not available',
    'sbatch: error: Memory specification can not be satisfied',
    'sbatch: error: Invalid generic resource (gres) specification',
    'sbatch: error: Batch job submission failed: Invalid node name specified',
    'sbatch: error: Batch job submission failed: Invalid feature specification',
    'sbatch: error: Batch job submission failed: Requested reservation is invalid',
    'sbatch: error: Batch job submission failed: Invalid license specification',
    'sbatch: error: Batch job submission failed: Job dependency problem',
    'sbatch: error: QOSMaxWallDurationPerJobLimit\nsbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user’s size and/or time limits)',
    'sbatch: error: AssocMaxNodePerJobLimit\nsbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user’s size and/or time limits)',
    'sbatch: error: Pathname of a file, directory or other parameter too long',
    'sbatch: error: Batch job submission failed: User’s group not permitted to use this partition',
    'sbatch: error: Batch job submission failed: Invalid Trackable RESource (TRES) specification',
    'sbatch: error: Batch job submission failed: Memory required by task is not available',
  ])('is a refusal: %s', (text) => expect(failed(text)).toBe('refused'));

  it('is a refusal when it does not understand its options', () => {
    expect(failed("sbatch: unrecognized option '--nosuchoption'", 255)).toBe('refused');
  });

  it.each([
    'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)',
    'sbatch: error: If munged is up, restart with --num-threads=10\nsbatch: error: Munge encode failed: Failed to access "/run/munge/munge.socket.2": No such file or directory\nsbatch: error: Batch job submission failed: Protocol authentication error',
    'sbatch: fatal: Unable to process configuration file',
    'sbatch: fatal: Could not establish a configuration source',
    'sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user’s size and/or time limits)',
    'sbatch: error: QOSMaxSubmitJobPerUserLimit\nsbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user’s size and/or time limits)',
    'sbatch: error: Batch job submission failed: Required partition not available (inactive or drain)',
    'sbatch: error: Jobs of this account need a project code\nsbatch: error: Batch job submission failed: Unspecified error',
    'sbatch: error: Batch job submission failed: I/O error writing script/environment to file',
    'sbatch: error: cli_filter plugin terminated with error',
  ])('may be tried again: %s', (text) => expect(failed(text)).toBe('unreachable'));

  it('is told apart from silence when it is to come back later', () => {
    const text = 'Job violates accounting/QOS policy (job submit limit, user’s size and/or time limits)';
    expect(unanswered('submit the job', text).message).toContain('Slurm does not take it now (Job violates');
    const site = 'Jobs of this account need a project code\nBatch job submission failed: Unspecified error';
    expect(unanswered('submit the job', site).message).toContain('Slurm does not take it now (Jobs of this account');
    expect(unanswered('submit the job', 'connect failure').message).toContain('Slurm does not answer (connect');
  });

  it.each([
    'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation',
    'sbatch: error: Batch job submission failed: Zero Bytes were transmitted or received',
    'sbatch: error: Batch job submission failed: Unexpected message received',
    'sbatch: error: Batch job submission failed: Unable to contact slurm controller (receive failure)',
    'something that nobody has seen before',
    '',
  ])('may have been carried out: %j', (text) => expect(failed(text)).toBe('uncertain'));

  it('may have been carried out when it was killed for its slowness, whatever it said', () => {
    const answer = { code: undefined, isTimedOut: true, stdout: '', stderr: 'Invalid partition name specified' };
    expect(readAnswer(answer)).toMatchObject({ kind: 'uncertain', text: expect.stringContaining('no answer in time') });
  });
});

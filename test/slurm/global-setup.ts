/** Gets what the tests need before any of them: installing takes longer than a test may wait. */
import { findTemporalCli } from '../../src/temporal/temporal-cli.js';
import { installSlurm } from './install.js';

const log = (line: string): void => console.log(line);

export const setup = async (): Promise<void> => {
  await installSlurm(log);
  await findTemporalCli({ log });
};

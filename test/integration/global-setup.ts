/** Gets the Temporal server's binary before any test: a build with Go takes minutes, which no test may wait for. */
import { findTemporalCli } from '../../src/temporal/temporal-cli.js';

export const setup = async (): Promise<void> => {
  await findTemporalCli({ log: (line) => console.log(line) });
};

import { writeSync } from 'node:fs';

/** GPUs that a job gets to itself before its command is started. */
export interface GpuRequest {
  /** Where the home keeps who has which. */
  readonly folder: string;
  /** Indices or UUIDs to choose from. */
  readonly gpus: readonly string[];
  readonly count: number;
  /** By which the command learns them. */
  readonly variable: string;
}

/** What a job's wrapper waits for, and the job's folder. */
export interface GpuWait {
  readonly request: GpuRequest;
  readonly folder: string;
}

/** What the launcher hands to the wrapper, in one environment variable: arguments would show secrets to everybody. */
export interface WrapperInput {
  readonly command: readonly string[];
  readonly cwd?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number | undefined;
  readonly graceSeconds: number;
  readonly gpus?: GpuRequest | undefined;
}

export const INPUT_VARIABLE = 'TITRATE_WRAPPER_INPUT';

/** The environment variable by which everything that a wrapper starts can be found again. */
export const TOKEN_VARIABLE = 'TITRATE_JOB_TOKEN';

/** The one that names the job's folder. */
export const FOLDER_VARIABLE = 'TITRATE_JOB_DIR';

/** Writes to the wrapper's log; a full disk must not end the wrapper. */
export const log = (message: string): void => {
  try {
    writeSync(2, `${new Date().toISOString()} ${message}\n`);
  } catch {
    // Nowhere left to say it.
  }
};

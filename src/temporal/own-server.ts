import { existsSync } from 'node:fs';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { InputError } from '../domain/errors.js';

/** How to reach a team's own server or cloud: what the connections of the SDK take. */
export interface OwnServer {
  readonly address: string;
  readonly namespace: string;
  readonly options: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
}

const DEFAULT_ADDRESS = '127.0.0.1:7233';
const DEFAULT_NAMESPACE = 'default';
/** Names the Temporal configuration file. */
export const CONFIG_FILE_VARIABLE = 'TEMPORAL_CONFIG_FILE';

const definedOnly = (env: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])));

/** The SDK takes a file that is not there for one that names no server. @throws InputError */
const checkFile = (file: string | undefined): void => {
  if (file === undefined || existsSync(file)) return;
  const problem = { path: CONFIG_FILE_VARIABLE, expected: 'the path of a file', found: file };
  throw new InputError('the settings of the Temporal server cannot be read', [problem], {
    hint: `unset ${CONFIG_FILE_VARIABLE} to go by the usual file, if there is one; /dev/null leaves it out`,
  });
};

const loadSettings = (
  env: Readonly<Record<string, string | undefined>>,
): ReturnType<typeof loadClientConnectConfig> => {
  const overrideEnvVars = definedOnly(env);
  checkFile(overrideEnvVars[CONFIG_FILE_VARIABLE]);
  try {
    return loadClientConnectConfig({ overrideEnvVars });
  } catch (error) {
    // The SDK stumbles over a file without any profile (an empty one, /dev/null): it names no server.
    if (error instanceof TypeError && overrideEnvVars['TEMPORAL_PROFILE'] === undefined) {
      return loadClientConnectConfig({ overrideEnvVars, disableFile: true });
    }
    const found = error instanceof Error ? error.message : String(error);
    const problem = { path: 'TEMPORAL_*', expected: 'settings in the Temporal CLI’s format', found };
    throw new InputError('the settings of the Temporal server cannot be read', [problem], {
      hint: 'check the CLI’s configuration file (TEMPORAL_CONFIG_FILE; it needs a [profile.NAME] table), TEMPORAL_PROFILE and the other TEMPORAL_ variables',
      cause: error,
    });
  }
};

/**
 * Reads the settings of a team's own server from TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY,
 * TEMPORAL_TLS..., or a profile of the Temporal CLI's configuration file; undefined when nothing is set: then the
 * embedded server is used. @throws InputError when the settings cannot be read.
 */
export const findOwnServer = (
  env: Readonly<Record<string, string | undefined>> = process.env,
): OwnServer | undefined => {
  const { connectionOptions, namespace } = loadSettings(env);
  const isSet = [...Object.values(connectionOptions), namespace].some((value) => value !== undefined);
  if (!isSet) return undefined;
  const address = connectionOptions.address ?? DEFAULT_ADDRESS;
  return { address, namespace: namespace ?? DEFAULT_NAMESPACE, options: { ...connectionOptions, address } };
};

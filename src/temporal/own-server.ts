import { existsSync } from 'node:fs';
import { loadClientConfigProfile, toClientOptions, type ClientConfigProfile } from '@temporalio/envconfig';
import { InputError } from '../domain/errors.js';

/** How to reach a team's own server or cloud: what the connections of the SDK take. */
export interface OwnServer {
  readonly address: string;
  readonly namespace: string;
  readonly options: ReturnType<typeof toClientOptions>['connectionOptions'];
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

const unreadable = (cause: unknown): InputError => {
  const found = cause instanceof Error ? cause.message : String(cause);
  const problem = { path: 'TEMPORAL_*', expected: 'settings in the Temporal CLI’s format', found };
  return new InputError('the settings of the Temporal server cannot be read', [problem], {
    hint: 'check the CLI’s configuration file (TEMPORAL_CONFIG_FILE; it needs a [profile.NAME] table), TEMPORAL_PROFILE and the other TEMPORAL_ variables',
    cause,
  });
};

/** The SDK leaves out half a pair, and the server then meets a caller without any certificate. @throws InputError */
const checkPair = ({ tls }: ClientConfigProfile): void => {
  if (tls === undefined || tls.disabled === true) return;
  const hasCertificate = tls.clientCert !== undefined;
  if (hasCertificate === (tls.clientKey !== undefined)) return;
  const [there, lacking] = hasCertificate ? ['certificate', 'key'] : ['key', 'certificate'];
  const path = `TEMPORAL_TLS_CLIENT_${hasCertificate ? 'KEY' : 'CERT'}_PATH`;
  const problem = { path, expected: `the client ${lacking} beside the client ${there}`, found: 'none' };
  throw new InputError('the settings of the Temporal server cannot be used', [problem], {
    hint: `set ${path}, or tls.client_${hasCertificate ? 'key' : 'cert'}_path in the profile; or leave out the ${there}`,
  });
};

const loadProfile = (env: Readonly<Record<string, string | undefined>>): ClientConfigProfile => {
  const overrideEnvVars = definedOnly(env);
  checkFile(overrideEnvVars[CONFIG_FILE_VARIABLE]);
  try {
    return loadClientConfigProfile({ overrideEnvVars });
  } catch (error) {
    // The SDK stumbles over a file without any profile (an empty one, /dev/null): it names no server.
    if (error instanceof TypeError && overrideEnvVars['TEMPORAL_PROFILE'] === undefined) {
      return loadClientConfigProfile({ overrideEnvVars, disableFile: true });
    }
    throw unreadable(error);
  }
};

/** Reads the files of certificates and keys that the profile names. @throws InputError */
const loadSettings = (env: Readonly<Record<string, string | undefined>>): ReturnType<typeof toClientOptions> => {
  const profile = loadProfile(env);
  let settings: ReturnType<typeof toClientOptions>;
  try {
    settings = toClientOptions(profile);
  } catch (error) {
    throw unreadable(error);
  }
  checkPair(profile);
  return settings;
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

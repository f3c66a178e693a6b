/** Why a Temporal server cannot be reached: the SDK waits for it until its time is up, and then says only that it was. */
import { Connection, isGrpcServiceError, type ConnectionOptions } from '@temporalio/client';
import { errorText } from '../domain/errors.js';

/** What was found, and what to do about it where that is known. */
export interface Unreachable {
  readonly found: string;
  readonly hint?: string;
}

const ASK_MS = 5000; // an answer, or the reason that there is none, takes a few round trips
const GRPC_DEADLINE_EXCEEDED = 4;

const CLIENT_CERTIFICATE =
  'TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH (tls.client_cert_path and tls.client_key_path of a profile) must name a certificate that the server takes';
const HINTS: readonly (readonly [sign: RegExp, hint: string])[] = [
  [
    /unauthenticated|permission.denied|unauthorized/i,
    'TEMPORAL_API_KEY, or api_key of the profile, must be a key that the server takes for this namespace',
  ],
  [/alert .*(certificate|ca\b)/i, CLIENT_CERTIFICATE],
  [/key values mismatch/i, `${CLIENT_CERTIFICATE}, and its own key`],
  [/has expired|not yet valid/i, 'the certificate of the server has to be renewed; or this machine’s clock is wrong'],
  [
    /altname/i,
    'TEMPORAL_ADDRESS, or TEMPORAL_TLS_SERVER_NAME where it differs, must be a name in the certificate of the server',
  ],
  [
    /certificate/i,
    'TEMPORAL_TLS_SERVER_CA_CERT_PATH (tls.server_ca_cert_path of a profile) must name the authority that signed the certificate of the server',
  ],
  [/wrong version number|packet length/i, 'the server speaks no TLS at this address: check the port and TEMPORAL_TLS'],
  [/closes the connection/i, `does it want TLS (TEMPORAL_TLS=true)? or a client certificate: ${CLIENT_CERTIFICATE}`],
  [/ENOTFOUND|EAI_AGAIN|name resolution/i, 'check the name in TEMPORAL_ADDRESS; unset it to use the embedded server'],
  [
    /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|no answer/i,
    'is the server up, at the port of TEMPORAL_ADDRESS? unset it to use the embedded server',
  ],
];

/** The reason in what gRPC and OpenSSL say around it. */
const inWords = (details: string): string => {
  const [, last = details] = /Last error: (?:Error(?: \[\w+\])?: )?([^]*?)\.? ?Resolution note:/.exec(details) ?? [];
  const [, openssl] = /error:\w+:[\w\d. ]*routines:[^:]*:([^:]+)/.exec(last) ?? [];
  if (openssl !== undefined) return `TLS: ${openssl}`;
  return last.startsWith('Failed to connect') ? 'it closes the connection at once' : last.trim();
};

const reasonOf = (error: unknown): string => {
  if (!isGrpcServiceError(error)) return inWords(errorText(error));
  const code: number = error.code;
  if (code === GRPC_DEADLINE_EXCEEDED) return `no answer within ${ASK_MS / 1000} s`;
  const isAnswer = !error.details.startsWith('No connection') && !error.details.startsWith('Name resolution');
  return isAnswer ? error.message : inWords(error.details);
};

const ask = async (options: ConnectionOptions): Promise<void> => {
  const connection = Connection.lazy({ ...options, interceptors: [] }); // the usual ones would ask again and again
  try {
    await connection.withDeadline(Date.now() + ASK_MS, () => connection.workflowService.getSystemInfo({}));
  } finally {
    await connection.close();
  }
};

/** Asks a server once that could not be reached; undefined when it answers now. */
export const whyUnreachable = async (options: ConnectionOptions): Promise<Unreachable | undefined> => {
  try {
    await ask(options);
    return undefined;
  } catch (error) {
    const found = reasonOf(error);
    const hint = HINTS.find(([sign]) => sign.test(found))?.[1];
    return { found, ...(hint !== undefined && { hint }) };
  }
};

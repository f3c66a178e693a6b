/** What a failed call means: the one table of it. */
import { ApiException } from '@kubernetes/client-node';
import { z } from 'zod';
import { isTitrateError, LauncherError, RefusedError } from '../../domain/errors.js';
import { errnoOf } from '../../host/disk-errors.js';
import { printable } from '../printable.js';

/** What the server said; without a status it was not reached. */
export interface ApiFailure {
  readonly status?: number;
  /** Kubernetes' own word, such as AlreadyExists. */
  readonly reason: string;
  readonly message: string;
  /** Was it not said as the server says why it refuses something? */
  readonly isForeign?: true;
}

const LONGEST_MESSAGE = 600; // validation errors list every field; the first few say what is wrong
const Status = z.object({
  kind: z.string().default(''),
  reason: z.string().default(''),
  message: z.string().default(''),
});

const parsed = (body: unknown): unknown => {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch {
    return { message: body }; // a proxy before the server answers in its own way
  }
};

/** Reads what the client library throws. */
export const apiFailure = (error: unknown): ApiFailure => {
  if (!(error instanceof ApiException)) {
    const words = error instanceof Error ? `${errnoOf(error) ?? error.name}: ${error.message}` : String(error);
    return { reason: '', message: printable(words, LONGEST_MESSAGE) };
  }
  const { kind, reason, message } = Status.safeParse(parsed(error.body)).data ?? { kind: '', reason: '', message: '' };
  const foreign = kind === 'Status' ? {} : { isForeign: true as const };
  return { status: error.code, reason, message: printable(message, LONGEST_MESSAGE), ...foreign };
};

/** Is what was asked about not there (any more)? Another object of its name counts as that. */
export const isGone = (error: unknown): boolean => {
  const { status, reason, message } = apiFailure(error);
  if (status === 404) return reason === 'NotFound' && !/^namespaces? /.test(message);
  return (
    (status === 409 && /UID in the precondition/i.test(message)) || (status === 422 && /metadata\.uid/.test(message))
  );
};

export const isTaken = (error: unknown): boolean => {
  const { status, reason } = apiFailure(error);
  return status === 409 && reason === 'AlreadyExists';
};

/** 400 and 422: not a valid job. 413: too long. 403: a rule of the cluster is against it, unless that may change. */
const REFUSALS: ReadonlySet<number> = new Set([400, 403, 413, 422]);

const hintFor = ({ status, message, isForeign }: ApiFailure): string => {
  if (status === undefined) return 'it is tried again until the API server answers';
  if (status === 401) return 'renew the credentials of the kubeconfig of the worker; it is tried again';
  if (isForeign && REFUSALS.has(status))
    return 'this is not how the API server says it: look at what stands before it, such as a proxy with a log-in; it is tried again';
  if (status === 403 && /exceeded quota/.test(message)) return 'it waits until the quota has room';
  if (status === 403) return 'give the worker’s user the Role of config/kubernetes/role.yaml; it is tried again';
  if (status === 404) return 'create the namespace, or correct launcher.namespace; it is tried again';
  return 'it is tried again';
};

const wordsOf = ({ status, reason, message }: ApiFailure): string =>
  status === undefined ? message : `${status} ${reason}${message === '' ? '' : `: ${message}`}`;

/** Makes an error of a call that may go through at another time. */
export const launcherError = (doing: string, error: unknown): unknown => {
  if (isTitrateError(error)) return error;
  const failure = apiFailure(error);
  const found = failure.status === undefined ? 'the cluster does not answer' : 'the cluster refuses';
  return new LauncherError(`cannot ${doing}: ${found} (${wordsOf(failure)})`, {
    hint: hintFor(failure),
    values: { ...failure },
    cause: error,
  });
};

const WAITS = /exceeded quota|being terminated|cannot create resource/; // of what is forbidden: may be allowed tomorrow

/** None of them from a proxy whose log-in has run out, say: the cluster has not seen the job. */
const isRefusal = ({ status = 0, message, isForeign }: ApiFailure): boolean =>
  REFUSALS.has(status) && isForeign !== true && !(status === 403 && WAITS.test(message));

/** Makes an error of a creation that failed. */
export const creationError = (name: string, namespace: string, error: unknown): unknown => {
  const failure = apiFailure(error);
  const doing = `create the job ${name} in the namespace ${namespace}`;
  if (!isRefusal(failure)) return launcherError(doing, error);
  return new RefusedError(`cannot ${doing}: it will never be accepted (${wordsOf(failure)})`, {
    hint: 'correct the launcher of the sweep file: image, resources, template; see docs/kubernetes.md',
    values: { ...failure },
    cause: error,
  });
};

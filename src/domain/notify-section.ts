import { z } from 'zod';
import { NOTICE_KINDS, SECRET_REF, isSecretRef, type SecretRef } from './notices.js';
import { strict } from './strict-shape.js';

const secret = z
  .string()
  .regex(SECRET_REF, { error: 'env:NAME or file:/absolute/path, where the secret is found' })
  .transform((text) => text as SecretRef);

const isPlainAddress = (text: string): boolean => {
  const found = /^https?:\/\/([^/?#]+)[^?#]*$/.exec(text);
  return found !== null && !(found[1] ?? '').includes('@');
};

const on = z.array(z.enum(NOTICE_KINDS)).min(1).describe('The notices that it takes (default: all).').optional();

/** An entry of `notify` of a sweep file. */
export const NotifySection = z.union(
  [
    strict({
      webhook: z
        .string()
        .refine((text) => isSecretRef(text) || isPlainAddress(text), {
          error: 'env:NAME, file:/absolute/path, or an http(s) address without user, query or fragment',
        })
        .describe('Where to: env:NAME or file:PATH of an address that is secret, or one that is not.'),
      token: secret.describe('Sent as Authorization: Bearer.').optional(),
      signingKey: secret.describe('Key of the HMAC-SHA-256 of the body, sent as X-Titrate-Signature.').optional(),
      on,
    }).describe('POSTs the notice as JSON.'),
    strict({
      command: z.array(z.string().min(1)).min(1).describe('Program and arguments; there is no shell.'),
      on,
    }).describe('Runs a command with the notice on its standard input.'),
  ],
  { error: '{ webhook: ... } or { command: [...] }' },
);

import { z } from 'zod';
import { NOTICE_KINDS, isSecretRef } from './notices.js';
import { SecretSection } from './secret-section.js';
import { strict } from './strict-shape.js';

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
      token: SecretSection.describe('Sent as Authorization: Bearer.').optional(),
      signingKey: SecretSection.describe(
        'Key of the HMAC-SHA-256 of the body, sent as X-Titrate-Signature.',
      ).optional(),
      on,
    }).describe('POSTs the notice as JSON.'),
    strict({
      command: z.array(z.string().min(1)).min(1).describe('Program and arguments; there is no shell.'),
      on,
    }).describe('Runs a command with the notice on its standard input.'),
  ],
  { error: '{ webhook: ... } or { command: [...] }' },
);

import { z } from 'zod';
import { SECRET_REF, type SecretRef } from './notices.js';

/** Where a secret is found, in a sweep file. */
export const SecretSection = z
  .string()
  .regex(SECRET_REF, { error: 'env:NAME or file:/absolute/path, where the secret is found' })
  .transform((text) => text as SecretRef);

/** Secrets of a job, in the launcher's section of a sweep file: variable to where its value is found. */
export const JobSecrets = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and underscores'), SecretSection)
  .describe(
    'Environment variables whose values are secret: name to env:NAME or file:/path, read when a job is launched.',
  );

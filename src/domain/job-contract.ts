/**
 * The files between titrate and a training job (docs/job-contract.md). `job.json` is a `JobSpec`; `metrics.jsonl` holds
 * one `MetricsLine` a line.
 */
import { z } from 'zod';

type MetricValue = number | null | 'NaN' | 'Infinity' | '-Infinity';

const MetricValue = z.custom<MetricValue>(
  (value) => Number.isFinite(value) || value === null || ['NaN', 'Infinity', '-Infinity'].includes(value as string),
  { error: 'a number, null, "NaN", "Infinity" or "-Infinity"' },
);

/** One line of `metrics.jsonl`. Non-finite metrics are written as null or as the strings NaN, Infinity, -Infinity. */
export const MetricsLine = z.object({
  /** Optimiser steps done. */
  step: z.number().int().nonnegative(),
  /** Tokens seen so far (count). */
  tokens: z.number().nonnegative().optional(),
  metrics: z.record(z.string(), MetricValue),
  /** Realised tokens per domain so far (count). */
  domainTokens: z.record(z.string(), z.number().nonnegative()).optional(),
});
export type MetricsLine = z.infer<typeof MetricsLine>;

export const JOB_FILE = 'job.json';
export const METRICS_FILE = 'metrics.jsonl';

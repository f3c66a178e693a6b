/** Loaded by its path by the SDK: puts the messages and stacks of failures into a payload, so that they are encrypted too. */
import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });

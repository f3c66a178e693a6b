/** Runs in a worker thread of an audit, which is given the record's evidence when it starts. */
import { workerData } from 'piscina';
import { answerOf, fixedEvidence, type Answer, type Evidence, type Question } from './recompute.js';

const evidence = fixedEvidence(workerData as Evidence);

export const answer = (question: Question): Answer => answerOf(evidence, question);

// Adds up results: node scripts/count-results.mjs FILE ... A file is what vitest reports, or has `passed`, `failed` and
// perhaps `failures`, their names. What failed is told again right before the count, where a reader looks first.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const MESSAGE_CHARACTERS = 600; // of a failure: its first lines

/** One block a failed test, and one a file that could not be loaded. */
const failuresOf = ({ name, message, assertionResults }) => {
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return [`${file}\n${message ?? ''}`];
  return failed.map(({ fullName, failureMessages }) => `${file}: ${fullName}\n${failureMessages.join('\n')}`);
};

/** Tests that never ran because their file could not be loaded are in no count but that of suites. */
const countTests = ({ numPassedTests, numFailedTests, success, testResults }) => {
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = numFailedTests + brokenFiles;
  const failures = testResults.filter(({ status }) => status === 'failed').flatMap(failuresOf);
  return { passed: numPassedTests, failed: failed === 0 && !success ? 1 : failed, failures };
};

/** Reads a file of results; one that is missing or torn counts as one failure. */
const read = (path) => {
  try {
    const results = JSON.parse(readFileSync(path, 'utf8'));
    const { passed, failed, failures = [] } = 'numPassedTests' in results ? countTests(results) : results;
    if (!Number.isInteger(passed) || !Number.isInteger(failed)) throw new Error('it has no counts');
    return { passed, failed, failures };
  } catch (error) {
    return { passed: 0, failed: 1, failures: [`no results in ${path}: ${error.message}`] };
  }
};

const results = process.argv.slice(2).map(read);
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
for (const failure of results.flatMap(({ failures }) => failures))
  console.log(
    `FAILED ${stripVTControlCharacters(failure).slice(0, MESSAGE_CHARACTERS).trimEnd().replaceAll('\n', '\n    ')}\n`,
  );
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

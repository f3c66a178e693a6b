// Adds up results: node scripts/count-results.mjs FILE ... A file is what vitest reports, or has `passed` and `failed`.
import { readFileSync } from 'node:fs';

/** Tests that never ran because their file could not be loaded are in no count but that of suites. */
const countTests = ({ numPassedTests, numFailedTests, success, testResults }) => {
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = numFailedTests + brokenFiles;
  return { passed: numPassedTests, failed: failed === 0 && !success ? 1 : failed };
};

/** Reads a file of results; one that is missing or torn counts as one failure. */
const read = (path) => {
  try {
    const results = JSON.parse(readFileSync(path, 'utf8'));
    const { passed, failed } = 'numPassedTests' in results ? countTests(results) : results;
    if (!Number.isInteger(passed) || !Number.isInteger(failed)) throw new Error('it has no counts');
    return { passed, failed };
  } catch (error) {
    console.error(`no results in ${path}: ${error.message}`);
    return { passed: 0, failed: 1 };
  }
};

const results = process.argv.slice(2).map(read);
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

// Adds up the results of the static checks and of the tests: node scripts/count-results.mjs CHECKS.json TESTS.json
import { readFileSync } from 'node:fs';

/** Reads a file of results; one that is missing or torn counts as one failure. */
const read = (path, counts) => {
  try {
    return counts(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    console.error(`no results in ${path}: ${error.message}`);
    return { passed: 0, failed: 1 };
  }
};

/** Tests that never ran because their file could not be loaded are in no count but that of suites. */
const countTests = ({ numPassedTests, numFailedTests, success, testResults }) => {
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = numFailedTests + brokenFiles;
  return { passed: numPassedTests, failed: failed === 0 && !success ? 1 : failed };
};

const [checksFile, testsFile] = process.argv.slice(2);
const checks = read(checksFile, ({ passed, failed }) => ({ passed, failed }));
const tests = read(testsFile, countTests);
const failed = checks.failed + tests.failed;
console.log(`${checks.passed + tests.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

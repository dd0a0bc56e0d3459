// Prints `N passed, N failed[, N skipped]` from vitest's own JSON report. In CI a skipped test is a failure: every
// test's needs are installed there. Runs under any Node >= 20, before or without the pinned one.
import { readFileSync } from 'node:fs';

const path = process.argv[2] ?? '.reports/vitest.json';
let report;
try {
  report = JSON.parse(readFileSync(path, 'utf8'));
} catch (error) {
  console.error(`no test report at ${path}: ${error.message}`);
  console.log('0 passed, 1 failed');
  process.exit(1);
}

const passed = report.numPassedTests;
const skipped = report.numPendingTests + report.numTodoTests;
// A file that could not be loaded has no failed test of its own, but it is a failure.
const brokenFiles = report.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
).length;
const failed = report.numFailedTests + brokenFiles;

const skippedIsFailure = process.env.CI === 'true' && skipped > 0;
if (skippedIsFailure) console.error(`${skipped} tests were left out, which CI does not allow`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 || passed === 0 || skippedIsFailure ? 1 : 0);

// Preloaded into the program by a test (NODE_OPTIONS=--require): a worker thread fails when the file named by
// LB_TEST_FAIL_THREAD appears and holds its number. The program itself has no such door.
const { existsSync, readFileSync, unlinkSync } = require('node:fs');
const { isMainThread, threadId } = require('node:worker_threads');

const path = process.env.LB_TEST_FAIL_THREAD;
if (!isMainThread && path !== undefined)
  setInterval(() => {
    if (!existsSync(path) || readFileSync(path, 'utf8') !== String(threadId)) return;
    unlinkSync(path);
    throw new Error('a failure the test has injected');
  }, 20).unref();

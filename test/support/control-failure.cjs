// Preloaded into the program by a test (NODE_OPTIONS=--require): its main thread fails as often as the file named by
// LB_TEST_FAIL_CONTROL says, when that appears. The program itself has no such door.
const { existsSync, readFileSync, unlinkSync } = require('node:fs');
const { isMainThread } = require('node:worker_threads');

const path = process.env.LB_TEST_FAIL_CONTROL;
if (isMainThread && path !== undefined)
  setInterval(() => {
    if (!existsSync(path)) return;
    const times = Number(readFileSync(path, 'utf8'));
    unlinkSync(path);
    for (let count = 0; count < times; count++)
      if (count % 2 === 0) void Promise.reject(new Error('a promise the test has broken'));
      else
        setImmediate(() => {
          throw new Error('a failure the test has injected');
        });
  }, 20).unref();

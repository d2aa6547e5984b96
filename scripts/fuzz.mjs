// Long runs of the tests that draw their input: `node scripts/fuzz.mjs [what ...] [--seconds 5] [--seed 1]` after a
// build. Without a name all run, one after the other:
//   language  texts through the compilers of expressions, log formats, conditions and regular expressions
//   config    mutated configurations through all that -c does, and through bin/lb -c
//   http      clients, servers and operators that keep to no rule, around the running program
//   wire      everything else it reads: PROXY headers, TLS hellos, syslog, commands, answers of DNS, checks, agents
//   http2     blocks of fields, sessions fed with anything, clients and servers that misbehave around the program
//   compression  streams of anything through the compressor, read by zlib
//   traffic   decent clients of all kinds over reloads, runtime changes and dying servers
// LB_TEST_ENGINE chooses the engine of those that run the program. Exit code 0: nothing broke. The same seed draws the
// same input.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const TESTS = {
  language: ['acl/fuzz'],
  config: ['worker/fuzz-load'],
  http: ['flows/chaos'],
  wire: ['flows/fuzz-wire'],
  http2: ['http2/hpack/fuzz', 'http2/fuzz', 'flows/http2-misuse', 'flows/http2-misserving'],
  compression: ['deflate/fuzz'],
  traffic: ['flows/nothing-lost'],
};
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
  },
});
const wanted = positionals.length === 0 ? Object.keys(TESTS) : positionals;
const unknown = wanted.find(name => !Object.hasOwn(TESTS, name));
if (unknown !== undefined) {
  console.error(`'${unknown}' is none of ${Object.keys(TESTS).join(', ')}`);
  process.exit(1);
}
const env = { ...process.env, LB_FUZZ_SECONDS: values.seconds, LB_FUZZ_SEED: values.seed };
for (const test of wanted.flatMap(name => TESTS[name])) {
  const file = fileURLToPath(new URL(`../dist/test/${test}.test.js`, import.meta.url));
  const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit', env });
  if (status !== 0) process.exit(1);
}

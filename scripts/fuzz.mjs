// Long runs of the tests that draw their input, after a build; USAGE says how.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `node scripts/fuzz.mjs [what ...] [--seconds 5] [--seed 1]

Without a name all run, one after the other:
  language  texts through the compilers of expressions, log formats, conditions and regular expressions
  config    mutated configurations through all that -c does, and through bin/lb -c
  http      clients, servers and operators that keep to no rule, around the running program
  wire      everything else it reads: PROXY headers, TLS hellos, syslog, commands, answers of DNS, checks, agents
  http2     blocks of fields, sessions fed with anything, clients and servers that misbehave around the program
  compression  streams of anything through the compressor, read by zlib
  traffic   decent clients of all kinds over reloads, runtime changes and dying servers
LB_TEST_ENGINE chooses the engine of those that run the program. Exit code 0: nothing broke. The same seed draws the
same input.`;

const TESTS = {
  language: ['acl/fuzz'],
  config: ['worker/fuzz-load'],
  http: ['flows/chaos'],
  wire: ['flows/fuzz-wire'],
  http2: ['http2/hpack/fuzz', 'http2/fuzz', 'flows/http2-misuse', 'flows/http2-misserving'],
  compression: ['deflate/fuzz'],
  traffic: ['flows/nothing-lost'],
};
const { values, positionals } = commandLine();
const wanted = positionals.length === 0 ? Object.keys(TESTS) : positionals;
const unknown = wanted.find(name => !Object.hasOwn(TESTS, name));
if (unknown !== undefined) refuse(`'${unknown}' is none of ${Object.keys(TESTS).join(', ')}`);
const env = { ...process.env, LB_FUZZ_SECONDS: values.seconds, LB_FUZZ_SEED: values.seed };
for (const test of wanted.flatMap(name => TESTS[name])) {
  const file = fileURLToPath(new URL(`../dist/test/${test}.test.js`, import.meta.url));
  const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit', env });
  if (status !== 0) process.exit(1);
}

function commandLine() {
  const options = {
    help: { type: 'boolean' },
    seconds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
  };
  try {
    const read = parseArgs({ allowPositionals: true, options });
    if (read.values.help !== true) return read;
  } catch (error) {
    refuse(error.message);
  }
  console.log(USAGE);
  return process.exit(0);
}

function refuse(mistake) {
  console.error(`${mistake}\n\n${USAGE}`);
  process.exit(1);
}

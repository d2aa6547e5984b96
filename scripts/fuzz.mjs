// Random texts through the compilers of expressions, log formats, conditions and regular expressions:
// `node scripts/fuzz.mjs [--seconds 5] [--seed 1]` after a build. Exit code 0: nothing threw, nothing took over 100 ms.
// What failed is printed with the text that did it; the same seed makes the same texts.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
  },
});
const file = fileURLToPath(new URL('../dist/test/acl/fuzz.test.js', import.meta.url));
const env = { ...process.env, LB_FUZZ_SECONDS: values.seconds, LB_FUZZ_SEED: values.seed };
const child = spawn(process.execPath, [file], { stdio: 'inherit', env });
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));

// Measures this tree's lb against another revision's: npm run bench:compare -- [revision, default main] [bench options].
// The other revision is built in a temporary git worktree with this tree's node_modules.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [first, ...rest] = process.argv.slice(2);
const revision = first === undefined || first.startsWith('-') ? 'main' : first;
const options = revision === first ? rest : process.argv.slice(2);
const folder = join(mkdtempSync(join(tmpdir(), 'lb-compare-')), 'lb');

const run = (program, args, cwd) => spawnSync(program, args, { cwd, stdio: 'inherit' }).status ?? 1;

function compare() {
  if (run('git', ['worktree', 'add', '-q', '--detach', folder, revision], root) !== 0) return 1;
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  if (run(process.execPath, ['scripts/build.mjs'], folder) !== 0) return 1;
  const contestants = `lb,${revision.replaceAll(/[=,]/g, '-')}=${folder}`;
  const asked = ['--contestants', contestants, '--base', contestants.slice(3).split('=')[0], ...options];
  return run(process.execPath, ['scripts/bench.mjs', ...asked], root);
}

try {
  process.exitCode = compare();
} finally {
  run('git', ['worktree', 'remove', '--force', folder], root);
  rmSync(join(folder, '..'), { recursive: true, force: true });
}

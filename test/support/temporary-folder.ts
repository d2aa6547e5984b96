/** A folder that goes away with its test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lb-test-'));
  t.after(() => removeFolder(folder));
  return folder;
}

/** It throws never: hooks behind the one that calls it would not run, and they end who still writes there. */
export function removeFolder(folder: string): void {
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    remove();
  } catch {
    process.once('exit', remove);
  }
}

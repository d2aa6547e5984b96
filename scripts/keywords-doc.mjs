// Writes docs/keywords.md from the keyword tables of the built program: `npm run -s build && node scripts/keywords-doc.mjs`.
// With --check it only tells (exit code 1) whether the file is current.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderKeywordsPage } from '../dist/src/config-parser/keywords-page.js';

const file = fileURLToPath(new URL('../docs/keywords.md', import.meta.url));
const page = renderKeywordsPage();
const current = existsSync(file) ? readFileSync(file, 'utf8') : '';
if (!process.argv.includes('--check')) {
  mkdirSync(fileURLToPath(new URL('../docs', import.meta.url)), { recursive: true });
  writeFileSync(file, page);
} else if (page !== current) {
  console.error('docs/keywords.md is not current: run node scripts/keywords-doc.mjs');
  process.exitCode = 1;
}
